import type { Hono } from 'hono';
import type { Config } from '#config/load.ts';
import type { Frontends } from '#domain/frontend/index.ts';
import type { OpenPreviewDeps } from '#domain/preview/index.ts';
import type { Catalogue } from '#domain/provider/index.ts';
import type { SubmitPromptLimits } from '#domain/turn/index.ts';
import { createFileSlots, type SourceControl, type WorkspaceProvider } from '#domain/workspace/index.ts';
import { createHttpApp, createSystemApp } from '#http/app.ts';
import type { HttpDeps } from '#http/deps.ts';
import type { EdgeDeps } from '#http/kit/edge.ts';
import { createLoginThrottle, createRegistrationThrottle } from '#infra/auth/index.ts';
import type { TextWork } from '#ws/agent/ports.ts';
import { registrationOf } from '../platform/exposure.ts';
import type { Platform } from '../platform/platform.ts';
import { tokenLifeMs } from './accounts.ts';
import { checkDiskSpace } from './disk.ts';
import { autoModelOf } from './models.ts';
import { usesSandboxServers } from './remote-workspaces.ts';
import { workspaceRootsOf } from './workspaces.ts';

export interface ApiDeps {
  platform: Platform;
  catalogue: Catalogue;
  workspaces: WorkspaceProvider;
  sourceControl: SourceControl;
  work: Pick<TextWork, 'compare'>;
  previews: OpenPreviewDeps;
  frontends: Frontends;
  draining: () => boolean;
}

export function openApi(deps: ApiDeps): Hono {
  const { platform, catalogue, workspaces, sourceControl, work, previews, frontends, draining } = deps;
  const { config } = platform;
  return createHttpApp({
    ...previews,
    frontends,
    ...edgeOf(platform, draining),
    hasher: platform.hasher,
    signer: platform.signer,
    secrets: platform.secrets,
    clock: platform.clock,
    eventLog: platform.eventLog,
    throttle: createLoginThrottle({ redis: platform.redis }),
    registrations: createRegistrationThrottle({
      redis: platform.redis,
      perNetwork: config.limits.registrations_per_address,
      inAll: config.limits.registrations,
    }),
    registration: registrationOf(config),
    tokenLifeMs: tokenLifeMs(config),
    catalogue,
    autoModel: autoModelOf(config),
    workspaces,
    sourceControl,
    fileSlots: createFileSlots(),
    compareTexts: work.compare,
    workspaceRoots: workspaceRootsOf(config),
    promptLimits: promptLimitsOf(config),
    maxProjectsPerUser: config.limits.user_projects,
    maxSessionsPerUser: config.limits.user_sessions,
  });
}

export function promptLimitsOf({ agent, limits }: Config): SubmitPromptLimits {
  return { maxQueued: agent.task_queue_size, maxQueuedPerUser: limits.user_queued_turns };
}

/** `/health` and `/ready` for a port that serves sockets. */
export function openSystemApi(platform: Platform, draining: () => boolean): Hono {
  return createSystemApp(edgeOf(platform, draining));
}

function edgeOf(platform: Platform, draining: () => boolean): EdgeDeps & Pick<HttpDeps, 'checks'> {
  const { config, database, eventLog } = platform;
  return {
    contexts: platform.contexts,
    authenticator: platform.authenticator,
    log: platform.log,
    draining,
    checkReplies: config.server.check_replies,
    origins: allowedOrigins(config),
    trustedProxies: config.server.trusted_proxies,
    checks: {
      database: () => database.ping(),
      events: () => eventLog.ping(),
      ...(usesSandboxServers(config) ? {} : { disk: () => checkDiskSpace(config) }),
    },
  };
}

/** What browsers may call from: the listed origins and the public one, or else this server's own. */
export function allowedOrigins({ server }: Config): string[] {
  const host = server.host.includes(':') ? `[${server.host}]` : server.host;
  const own = server.public_url
    ? [new URL(server.public_url).origin]
    : [`http://${host}:${server.http_port}`, `http://localhost:${server.http_port}`];
  return [...new Set([...server.cors_origins, ...own])];
}
