import type { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';

/** Counts and begins the time to live anew, in one step for all servers. The library's own keeps the first one. */
const COUNT = `local count = redis.call('incrby', KEYS[1], ARGV[1])
redis.call('expire', KEYS[1], ARGV[2])
return { count, redis.call('pttl', KEYS[1]) }`;

export interface CounterOptions {
  name: string;
  /** How long a count lives. */
  seconds: number;
  /** With Redis, each count begins that time anew. */
  renewed?: boolean;
}

/**
 * Counts per key; points are never refused by the limiter itself. For all processes that share a Redis; without one,
 * and while it is out of reach, for this one.
 */
export function createCounter(
  redis: Redis | null,
  { name, seconds, renewed = false }: CounterOptions,
): RateLimiterAbstract {
  const options = { keyPrefix: `crush:${name}`, points: Number.MAX_SAFE_INTEGER, duration: seconds };
  const local = new RateLimiterMemory(options);
  if (redis === null) return local;
  return new RateLimiterRedis({
    ...options,
    storeClient: redis,
    ...(renewed && { customIncrTtlLuaScript: COUNT }),
    rejectIfRedisNotReady: true,
    insuranceLimiter: local,
  });
}
