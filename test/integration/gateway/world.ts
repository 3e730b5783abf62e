import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createContextFactory } from '#domain/create-context.ts';
import type { Bus, EventLog } from '#domain/events/index.ts';
import type { ServerFrame, SessionFrame } from '#domain/protocol/index.ts';
import type { OpenTerminalDeps } from '#domain/terminal/index.ts';
import type { SubmitPromptLimits } from '#domain/turn/index.ts';
import { type Authenticator, verifyAccess } from '#domain/user/index.ts';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { createEventPublisher } from '#infra/events/event-publisher.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createGateway, type Gateway, type GatewayLimits, mountGateway } from '#ws/gateway/index.ts';
import { createAuthenticator, createTokenSigner } from '../../../src/infra/auth/index.ts';
import { createMemoryBus, createMemoryEventLog } from '../../../src/infra/memory/index.ts';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { newProject, newSession, newUser } from '../postgres/records.ts';
import { type Client, openClient } from './client.ts';

export const ALLOWED_ORIGIN = 'https://crush.example';
const HOUR_MS = 3_600_000;

export interface WorldOptions {
  database: SqlDatabase;
  limits?: Partial<GatewayLimits>;
  promptLimits?: SubmitPromptLimits;
  terminals?: OpenTerminalDeps;
  log?: EventLog;
  bus?: Bus;
  /** Every check asks the database. */
  uncached?: boolean;
}
const NO_TERMINALS: OpenTerminalDeps = {
  workspaces: {
    open: () => Promise.reject(new WorkspaceError('unavailable', 'There are no workspaces here')),
  },
  terminals: {
    open: () => Promise.reject(new WorkspaceError('unavailable', 'There are no terminals here')),
    get: () => null,
    list: () => [],
  },
};
export type World = Awaited<ReturnType<typeof createWorld>>;

/** One gateway on a loopback port over a real database. The database, a given log and bus stay the caller's. */
export async function createWorld(options: WorldOptions) {
  const { database } = options;
  const log = options.log ?? createMemoryEventLog({ clock: systemClock });
  const bus = options.bus ?? createMemoryBus();
  const common = { clock: systemClock, logger: silentLog };
  const publisher = createEventPublisher({ log, outbox: database.repositories.outbox, ...common });
  const contexts = createContextFactory({ database, publisher, bus, clock: systemClock, log: silentLog });
  const signer = createTokenSigner({
    secret: 'test-secret-of-at-least-32-bytes!',
    issuer: 'crush-server',
    audience: 'crush',
    clock: systemClock,
  });
  const system = contexts({ actor: { kind: 'system' }, requestId: 'test' });
  const cached = createAuthenticator({
    signer,
    verifyAccess: (claims) => verifyAccess(system, claims),
    bus,
    clock: systemClock,
  });
  const authenticator: Authenticator = options.uncached
    ? { authenticate: async (token) => verifyAccess(system, await signer.verify(token)), close: cached.close }
    : cached;
  const limits = { connectsPerUserPerMinute: 10_000, ...options.limits };
  const gateway: Gateway = createGateway({
    contexts,
    log,
    bus,
    authenticator,
    allowedOrigins: [ALLOWED_ORIGIN],
    limits,
    promptLimits: options.promptLimits,
    terminals: options.terminals ?? NO_TERMINALS,
    ...common,
  });
  const server = createServer((_request, response) => response.writeHead(404).end());
  const mounted = mountGateway({
    server,
    gateway,
    ...common,
    clientAddress: (request) => request.socket.remoteAddress ?? '',
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const port = (server.address() as AddressInfo).port;
  const clients = new Set<Client>();

  async function login(userId: string, lifeMs = HOUR_MS) {
    const now = Date.now();
    const loginSessionId = newId();
    await database.repositories.logins.insert({
      id: loginSessionId,
      userId,
      device: null,
      createdAt: now,
      lastUsedAt: now,
      expiresAt: now + HOUR_MS,
      revokedAt: null,
    });
    const claims = { userId, username: 'user', loginSessionId, issuedAt: now, expiresAt: now + lifeMs };
    return { loginSessionId, token: await signer.sign(claims) };
  }

  return {
    port,
    log,
    bus,
    gateway,
    publisher,
    contexts,
    system,
    database,
    login,

    async newUser() {
      const user = newUser();
      await database.repositories.users.insert(user);
      const project = newProject(user.id);
      await database.repositories.projects.insert(project);
      const session = newSession(project);
      await database.repositories.sessions.insert(session);
      return { user, project, session, ...(await login(user.id)) };
    },

    /** Appends durable-looking labels, numbered, without a database. */
    async say(sessionId: string, ...labels: string[]): Promise<void> {
      const events = labels.map((label) => ({ body: JSON.stringify(fileEvent(sessionId, label)) }));
      await log.append(sessionId, events);
    },

    async connect(
      token: string | null,
      query: Record<string, string> = {},
      rest: { headers?: Record<string, string>; protocols?: string[] } = {},
    ): Promise<Client> {
      const search = new URLSearchParams({ ...(token !== null && { token }), ...query });
      const client = await openClient(`ws://127.0.0.1:${port}/ws?${search}`, rest);
      clients.add(client);
      return client;
    },

    async close() {
      for (const client of clients) client.terminate();
      await gateway.close();
      mounted.close();
      authenticator.close();
      await publisher.close(100);
      server.close();
      server.closeAllConnections();
      if (!options.log) await log.close();
      if (!options.bus) await bus.close();
    },
  };
}

function fileEvent(sessionId: string, path: string): SessionFrame {
  return { Type: 'file_event', session_id: sessionId, path, version: 1, additions: 0, removals: 0 };
}

export type Frame = ServerFrame & { _streamId?: string };

/** What the frames say, in short. */
export function labels(frames: readonly Frame[]): string[] {
  return frames.flatMap((frame) => (frame.Type === 'file_event' ? [frame.path] : []));
}
