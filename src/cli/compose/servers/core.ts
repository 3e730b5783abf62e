import type { Catalogue } from '#domain/provider/index.ts';
import type { WorkspaceProvider } from '#domain/workspace/index.ts';
import type { HttpServer } from '#http/kit/listen.ts';
import type { SqlDatabase } from '#infra/postgres/index.ts';
import { createJobRegistry } from '#ws/agent/index.ts';
import type { TextWork } from '#ws/agent/ports.ts';
import { openTextWork } from '../../work/open-text-work.ts';
import { requireCurrentSchema } from '../platform/database.ts';
import { createDrainFlag, type DrainFlag } from '../platform/drain-flag.ts';
import { openPlatform, type Platform } from '../platform/platform.ts';
import { openAgents } from '../services/agents.ts';
import { openApi, openSystemApi } from '../services/api.ts';
import { openFrontends } from '../services/frontends.ts';
import { listen } from '../services/listen.ts';
import { openCatalogue } from '../services/models.ts';
import { openPreviews } from '../services/previews.ts';
import { serveSockets } from '../services/sockets.ts';
import { openSourceControl } from '../services/source-control.ts';
import { openTerminals } from '../services/terminals.ts';
import { openWorkspaces } from '../services/workspaces.ts';
import type { ServerDeps } from './server.ts';

/** What the servers that know users have in common, opened in this order. */
export interface Core extends ServerDeps {
  platform: Platform;
  workspaces: WorkspaceProvider;
  catalogue: Catalogue;
  work: TextWork;
  drain: DrainFlag;
}

export interface SchemaPolicy {
  /** One process serves everything and may make its own secrets. */
  embedded: boolean;
  prepareSchema(database: SqlDatabase): Promise<void>;
}

/** Several processes share a database: none of them changes its schema. */
export const SHARED_DATABASE: SchemaPolicy = { embedded: false, prepareSchema: requireCurrentSchema };

export async function openCore(deps: ServerDeps, policy: SchemaPolicy): Promise<Core> {
  const platform = await openPlatform({ ...deps, ...policy });
  const { placements } = platform.database.repositories;
  const workspaces = await openWorkspaces({ ...deps, placement: placements });
  const catalogue = openCatalogue(deps.config, deps.log);
  const work = openTextWork(deps);
  return { ...deps, platform, workspaces, catalogue, work, drain: createDrainFlag() };
}

/** The REST API on its port. */
export async function serveApi(core: Core): Promise<HttpServer> {
  const { config, stack, drain } = core;
  const sourceControl = openSourceControl(config, stack);
  let port = config.server.http_port;
  const { front, ...previews } = openPreviews({ ...core, port: () => port });
  const frontends = openFrontends(core);
  const app = openApi({ ...core, previews, frontends, sourceControl, draining: drain.raised });
  const server = await listen({ app, config, key: 'http_port', stack, front });
  port = server.port;
  return server;
}

/** Sockets on a port of their own and on those of the given servers, and the agents behind them. */
export async function serveAgents(core: Core, others: readonly HttpServer[] = []): Promise<HttpServer> {
  const { config, stack, drain, platform } = core;
  const app = openSystemApi(platform, drain.raised);
  const own = await listen({ app, config, key: 'ws_port', stack });
  const jobs = createJobRegistry({
    clock: platform.clock,
    maxRunningPerUser: config.limits.user_jobs,
  });
  const terminals = openTerminals({ ...core, jobs });
  serveSockets(
    { platform, terminals, stack },
    [...others, own].map(({ server }) => server),
  );
  openAgents({ ...core, jobs });
  return own;
}
