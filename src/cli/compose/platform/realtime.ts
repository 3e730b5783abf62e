import type { Redis } from 'ioredis';
import { configError, EXIT, FatalError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import type { Bus, EventLog } from '#domain/events/index.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { CloseStack } from '../../close-stack.ts';
import { reasonOf } from './database.ts';

const MEBI = 1024 * 1024;

export interface Realtime {
  eventLog: EventLog;
  bus: Bus;
  /** Null where memory serves. */
  redis: Redis | null;
}

export function hasRedis(config: Config): boolean {
  return config.redis.url !== '' || config.redis.host !== '';
}

export function requireRedis(config: Config, command: string): void {
  if (hasRedis(config)) return;
  throw configError(
    `${command} needs Redis: set redis.url (or REDIS_URL); \`crush serve\` needs neither PostgreSQL nor Redis`,
  );
}

export interface RealtimeDeps {
  config: Config;
  clock: Clock;
  log: Log;
  stack: CloseStack;
}

/** Redis where it is configured, else memory. Throws `FatalError` when Redis is out of reach. */
export async function openRealtime(deps: RealtimeDeps): Promise<Realtime> {
  return hasRedis(deps.config) ? openRedis(deps) : openMemory(deps);
}

async function openMemory({ config, clock, stack }: RealtimeDeps): Promise<Realtime> {
  const { createMemoryBus, createMemoryEventLog } = await import('#infra/memory/index.ts');
  const eventLog = createMemoryEventLog({
    clock,
    maxLength: config.redis.stream_max_len,
    maxChars: config.redis.stream_max_mb * MEBI,
    streamTtlMs: config.redis.stream_ttl * 1000,
  });
  const bus = createMemoryBus();
  stack.push('event log', () => eventLog.close());
  stack.push('bus', () => bus.close());
  return { eventLog, bus, redis: null };
}

async function openRedis({ config, log, stack }: RealtimeDeps): Promise<Realtime> {
  const { connectRedis, createRedisBus, createRedisEventLog } = await import('#infra/redis/index.ts');
  const url = redisUrl(config);
  const redis = await connectRedis({ url, log }).catch((error: unknown) => {
    const { host } = new URL(url);
    throw new FatalError(`cannot reach Redis at ${host}: ${reasonOf(error)}`, EXIT.unavailable, {
      cause: error,
    });
  });
  stack.push('redis', () => redis.close());
  const eventLog = createRedisEventLog({
    redis,
    streamMaxLen: config.redis.stream_max_len,
    streamMaxBytes: config.redis.stream_max_mb * MEBI,
    streamTtl: config.redis.stream_ttl,
  });
  const bus = createRedisBus({ redis, log });
  stack.push('event log', () => eventLog.close());
  stack.push('bus', () => bus.close());
  return { eventLog, bus, redis: redis.commands };
}

function redisUrl({ redis }: Config): string {
  const text = redis.url || `redis://${redis.host}:${redis.port}/${redis.db}`;
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw configError('redis.url: must be a URL such as redis://127.0.0.1:6379');
  }
  if (!/^rediss?:$/.test(url.protocol)) throw configError('redis.url: must begin with redis:// or rediss://');
  if (redis.password && !url.password) url.password = redis.password;
  return url.href;
}
