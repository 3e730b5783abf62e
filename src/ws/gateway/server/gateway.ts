import type { ContextFactory } from '#domain/create-context.ts';
import { DomainError } from '#domain/errors.ts';
import type { Bus, EventLog } from '#domain/events/index.ts';
import { CLOSE } from '#domain/protocol/close-codes.ts';
import type { SocketFrame } from '#domain/protocol/index.ts';
import { getOwnedSession } from '#domain/session/index.ts';
import type { OpenTerminalDeps } from '#domain/terminal/index.ts';
import type { SubmitPromptLimits } from '#domain/turn/index.ts';
import type { Access, Authenticator } from '#domain/user/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import type { Log } from '#shared/log.ts';
import { type Connection, createConnection } from '../socket/connection.ts';
import type { RawSocket } from '../socket/outlet.ts';
import { createFeeds } from '../stream/feeds.ts';
import { buildSnapshot, type Snapshot, type SnapshotContext } from '../stream/snapshot.ts';
import { encodeFrame } from '../stream/wire.ts';
import type { Handshake } from './handshake.ts';
import { createIdentify } from './identify.ts';
import { GATEWAY_LIMITS, type GatewayLimits } from './limits.ts';

export interface GatewayDeps {
  contexts: ContextFactory;
  log: EventLog;
  bus: Pick<Bus, 'subscribe'>;
  authenticator: Pick<Authenticator, 'authenticate'>;
  /** Exact origins of browsers that may connect. */
  allowedOrigins: readonly string[];
  limits?: Partial<GatewayLimits>;
  /** Limits on waiting prompts; the verbs' own when absent. */
  promptLimits?: SubmitPromptLimits;
  terminals: OpenTerminalDeps;
  clock: Clock;
  logger: Log;
}

/** A client that may be upgraded; `open` or `cancel` has to follow. */
export interface Admission {
  requestId: string;
  open(socket: RawSocket): Connection;
  cancel(): void;
}

export interface Gateway {
  readonly limits: GatewayLimits;
  /** All that is checked before the upgrade. Throws a DomainError. */
  admit(handshake: Handshake, address: string): Promise<Admission>;
  broadcast(frame: Extract<SocketFrame, { Type: 'notice' }>): void;
  stats(): { sockets: number; sessions: number; bufferedBytes: number; draining: boolean };
  /** Refuses newcomers, says so to all sockets and closes them one after another. */
  drain(signal?: AbortSignal): Promise<void>;
  close(): Promise<void>;
}

export function createGateway(deps: GatewayDeps): Gateway {
  const { contexts, log, authenticator, clock, logger } = deps;
  const limits: GatewayLimits = { ...GATEWAY_LIMITS, ...deps.limits };
  const connections = new Set<Connection>();
  const perUser = new Map<string, number>();
  const identify = createIdentify({ authenticator, allowedOrigins: deps.allowedOrigins, limits, clock });
  const feeds = createFeeds({ log, logger });
  const snapshots = createSnapshots(log);
  let draining = false;

  const subscriptions = [
    deps.bus.subscribe('access_revoked', ({ userId, loginSessionId, reason }) => {
      for (const connection of [...connections]) {
        if (connection.userId !== userId) continue;
        if (loginSessionId !== undefined && connection.loginSessionId() !== loginSessionId) continue;
        if (reason === 'logout') connection.close(CLOSE.loggedOut, 'logged out');
        else connection.close(CLOSE.accessRevoked, 'access revoked');
      }
    }),
    deps.bus.subscribe('session_deleted', ({ sessionId }) => {
      for (const connection of connections) connection.unbind(sessionId);
    }),
  ];

  const ticker = setInterval(() => {
    const now = clock.now();
    for (const connection of [...connections]) connection.tick(now);
    shed(connections, limits.totalBytes);
  }, limits.tickMs);
  const headChecker = setInterval(() => void feeds.checkHeads(), limits.headCheckMs);

  function count(userId: string, change: number): void {
    const next = (perUser.get(userId) ?? 0) + change;
    if (next > 0) perUser.set(userId, next);
    else perUser.delete(userId);
  }

  function open(socket: RawSocket, access: Access, token: string, requestId: string): Connection {
    const actor = { kind: 'user', userId: access.user.id, loginSessionId: access.loginSessionId } as const;
    const connection = createConnection({
      socket,
      access,
      token,
      ctx: contexts({ actor, requestId }),
      log,
      feeds,
      snapshot: snapshots,
      authenticator,
      limits,
      clock,
      logger,
      draining: () => draining,
      promptLimits: deps.promptLimits,
      terminals: deps.terminals,
      onClosed(closed) {
        if (connections.delete(closed)) count(closed.userId, -1);
      },
    });
    connections.add(connection);
    return connection;
  }

  async function admit(handshake: Handshake, address: string): Promise<Admission> {
    if (draining) throw new DomainError('draining', 'This server is about to stop', { retryAfterSeconds: 2 });
    const { token, access } = await identify(handshake, address);
    const userId = access.user.id;
    if ((perUser.get(userId) ?? 0) >= limits.socketsPerUser) {
      throw new DomainError('too_many_requests', 'Too many connections', { retryAfterSeconds: 10 });
    }
    count(userId, 1);
    let settled = false;
    const cancel = () => {
      if (!settled) count(userId, -1);
      settled = true;
    };
    try {
      const requestId = newId();
      const actor = { kind: 'user', userId, loginSessionId: access.loginSessionId } as const;
      const { sessionId } = handshake;
      if (sessionId) await getOwnedSession(contexts({ actor, requestId }), sessionId);
      return {
        requestId,
        cancel,
        open(socket) {
          settled = true;
          const connection = open(socket, access, token, requestId);
          if (sessionId) connection.expect(sessionId);
          return connection;
        },
      };
    } catch (error) {
      cancel();
      throw error;
    }
  }

  function broadcast(frame: SocketFrame): void {
    const data = encodeFrame(frame);
    for (const connection of [...connections]) connection.sendEncoded(data);
  }

  return {
    limits,
    admit,
    broadcast,
    stats: () => ({
      sockets: connections.size,
      sessions: feeds.size(),
      bufferedBytes: [...connections].reduce((sum, connection) => sum + connection.buffered(), 0),
      draining,
    }),
    async drain(signal) {
      if (draining) return;
      draining = true;
      broadcast({ Type: 'notice', kind: 'draining', message: 'This server is about to stop; connect again' });
      const leaving = [...connections];
      const step = Math.max(1, Math.ceil(leaving.length / Math.max(1, limits.drainMs / 100)));
      for (let start = 0; start < leaving.length; start += step) {
        if (start > 0) await sleep(Math.min(100, limits.drainMs), signal).catch(() => {});
        for (const connection of leaving.slice(start, start + step))
          connection.close(CLOSE.draining, 'draining');
      }
      for (const connection of [...connections]) connection.close(CLOSE.draining, 'draining');
    },
    async close() {
      draining = true;
      clearInterval(ticker);
      clearInterval(headChecker);
      for (const unsubscribe of subscriptions.splice(0)) unsubscribe();
      for (const connection of [...connections]) connection.close(CLOSE.goingAway, 'server stopped');
      feeds.close();
    },
  };
}

/** Closes those that lag most until what all have buffered fits. */
function shed(connections: ReadonlySet<Connection>, totalBytes: number): void {
  let total = 0;
  for (const connection of connections) total += connection.buffered();
  if (total <= totalBytes) return;
  const lagging = [...connections].sort((a, b) => b.buffered() - a.buffered());
  for (const connection of lagging) {
    if (total <= totalBytes) return;
    total -= connection.buffered();
    connection.close(CLOSE.slowConsumer, 'slow consumer');
  }
}

/** A snapshot that is being built serves all who ask for it meanwhile: each continues from its position. */
function createSnapshots(log: EventLog) {
  const building = new Map<string, Promise<Snapshot>>();
  return (ctx: SnapshotContext, sessionId: string): Promise<Snapshot> => {
    const known = building.get(sessionId);
    if (known !== undefined) return known;
    const snapshot = buildSnapshot(ctx, log, sessionId).finally(() => building.delete(sessionId));
    building.set(sessionId, snapshot);
    return snapshot;
  };
}
