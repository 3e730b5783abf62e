import { once } from 'node:events';
import { Redis, type RedisOptions } from 'ioredis';
import { DomainError } from '#domain/errors.ts';
import { deferred } from '#shared/async/deferred.ts';
import { within } from '#shared/async/within.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import { APPEND, READ, REMOVE, TAKE_OVER } from './lua.ts';

const CONNECT_TIMEOUT_MS = 5_000;
const COMMAND_TIMEOUT_MS = 3_000;
/** How long a call waits for a connection that is being restored before it is `unavailable`. */
const READY_WAIT_MS = 1_000;
const PING_INTERVAL_MS = 5_000;
/** A socket that owes an answer for so long is given up. */
const SOCKET_TIMEOUT_MS = 4_000;
const MAX_RETRY_DELAY_MS = 1_000;

type ScriptReply = Promise<unknown>;
declare module 'ioredis' {
  interface RedisCommander {
    logAppend(...args: Array<string | number>): ScriptReply;
    logTakeOver(...args: Array<string | number>): ScriptReply;
    logRead(...args: Array<string | number>): ScriptReply;
    logRemove(...args: Array<string | number>): ScriptReply;
  }
}

export interface RedisConnectionsDeps {
  url: string;
  log: Log;
}

/** The two connections of a process: one for commands, one that only listens. */
export interface RedisConnections {
  /** For a library that wants the client itself; commands reject while the server is out of reach. */
  commands: Redis;
  /** Runs with a live connection and the run_id of its server. Every failure becomes `unavailable`. */
  run<T>(command: (redis: Redis, runId: string) => Promise<T>): Promise<T>;
  /** Resolves once the server has confirmed the subscription. */
  listen(channel: string, listener: (message: string) => void): Promise<() => void>;
  /** Called after the subscriptions were lost and are back: messages may be missing. */
  onRestored(listener: () => void): () => void;
  close(): Promise<void>;
}

/** Throws `unavailable` when the server cannot be reached within five seconds. */
export async function connectRedis(deps: RedisConnectionsDeps): Promise<RedisConnections> {
  const commands = open(deps, 'commands');
  const subscriber = open(deps, 'subscriber');
  const gate = createGate(commands);
  const channels = createChannels(subscriber, deps.log);
  const heartbeat = setInterval(() => {
    subscriber.ping().catch(() => {});
    commands.ping().catch(() => {});
  }, PING_INTERVAL_MS);
  heartbeat.unref();

  async function close(): Promise<void> {
    clearInterval(heartbeat);
    channels.close();
    commands.disconnect();
    subscriber.disconnect();
  }

  try {
    await Promise.all([commands.connect(), subscriber.connect()]);
    await gate.ready(CONNECT_TIMEOUT_MS);
  } catch (error) {
    await close();
    throw unavailable(error);
  }
  return {
    commands,
    async run(command) {
      try {
        const runId = gate.runId() ?? (await gate.ready(READY_WAIT_MS));
        return await command(commands, runId);
      } catch (error) {
        if (error instanceof DomainError) throw error;
        throw unavailable(error);
      }
    },
    listen: channels.listen,
    onRestored: channels.onRestored,
    close,
  };
}

export function unavailable(cause: unknown): DomainError {
  return new DomainError('unavailable', 'The event log is out of reach', { cause, retryAfterSeconds: 2 });
}

function open({ url, log }: RedisConnectionsDeps, role: string): Redis {
  const options: RedisOptions = {
    lazyConnect: true,
    connectionName: `crush-${role}`,
    connectTimeout: CONNECT_TIMEOUT_MS,
    commandTimeout: COMMAND_TIMEOUT_MS,
    socketTimeout: SOCKET_TIMEOUT_MS,
    maxRetriesPerRequest: 0,
    // Repeating a command whose answer was lost is the caller's decision.
    autoResendUnfulfilledCommands: false,
    enableOfflineQueue: false,
    autoResubscribe: false,
    retryStrategy: (attempt) => Math.min(50 * 2 ** Math.min(attempt, 6), MAX_RETRY_DELAY_MS),
    scripts: {
      logAppend: { lua: APPEND, numberOfKeys: 3 },
      logTakeOver: { lua: TAKE_OVER, numberOfKeys: 2 },
      logRead: { lua: READ, numberOfKeys: 2 },
      logRemove: { lua: REMOVE, numberOfKeys: 3 },
    },
  };
  const redis = new Redis(url, options);
  redis.on('error', (error: unknown) => log.warn({ reason: errorMessage(error), role }, 'redis connection'));
  return redis;
}

/** Knows the server's run_id while the connection is usable. */
function createGate(redis: Redis) {
  let current: string | null = null;
  let connection = 0;
  let opened = deferred<string>();
  redis.on('ready', () => {
    const mine = connection;
    redis.info('server').then(
      (info) => {
        if (mine !== connection) return;
        current = /^run_id:(\w+)/m.exec(info)?.[1] ?? 'unknown';
        opened.resolve(current);
      },
      () => redis.disconnect(true),
    );
  });
  redis.on('close', () => {
    connection += 1;
    if (current !== null) opened = deferred();
    current = null;
  });
  return {
    runId: () => current,
    async ready(timeoutMs: number): Promise<string> {
      return await within(opened.promise, timeoutMs, () => {
        throw unavailable(new Error('not connected'));
      });
    },
  };
}

/** `ready` listeners run in order: the subscriptions of before are on their way when this resolves. */
async function untilReady(redis: Redis): Promise<void> {
  await once(redis, 'ready', { signal: AbortSignal.timeout(READY_WAIT_MS) });
}

function createChannels(subscriber: Redis, log: Log) {
  const listeners = new Map<string, Set<(message: string) => void>>();
  const restored = new Set<() => void>();
  const subscribed = new Map<string, Promise<unknown>>();
  let closed = false;

  subscriber.on('message', (channel: string, message: string) => {
    for (const listener of listeners.get(channel) ?? []) listener(message);
  });
  subscriber.on('ready', () => {
    const names = [...listeners.keys()];
    if (closed || names.length === 0) return;
    subscribed.clear();
    const done = subscriber.subscribe(...names);
    for (const name of names) subscribed.set(name, done);
    done.then(
      () => {
        for (const listener of restored) listener();
      },
      (error: unknown) => {
        log.warn({ reason: errorMessage(error) }, 'subscriptions not restored, connecting again');
        if (!closed) subscriber.disconnect(true);
      },
    );
  });

  async function subscribeOnce(channel: string): Promise<void> {
    const pending = subscribed.get(channel) ?? subscriber.subscribe(channel);
    subscribed.set(channel, pending);
    try {
      await pending;
    } catch (error) {
      if (subscribed.get(channel) === pending) subscribed.delete(channel);
      throw error;
    }
  }

  function drop(channel: string, set: Set<unknown>, listener: unknown): void {
    set.delete(listener);
    if (set.size > 0 || listeners.get(channel) !== set) return;
    listeners.delete(channel);
    subscribed.delete(channel);
    if (!closed) subscriber.unsubscribe(channel).catch(() => {});
  }

  return {
    async listen(channel: string, listener: (message: string) => void): Promise<() => void> {
      const set = listeners.get(channel) ?? new Set();
      const entry = (message: string) => listener(message);
      set.add(entry);
      listeners.set(channel, set);
      try {
        if (subscriber.status !== 'ready') await untilReady(subscriber);
        await subscribeOnce(channel);
      } catch (error) {
        drop(channel, set, entry);
        throw unavailable(error);
      }
      return () => drop(channel, set, entry);
    },
    onRestored(listener: () => void): () => void {
      const entry = () => listener();
      restored.add(entry);
      return () => restored.delete(entry);
    },
    close() {
      closed = true;
      listeners.clear();
      restored.clear();
    },
  };
}
