import type { Redis } from 'ioredis';
import { type RateLimiterAbstract, RateLimiterMemory, RateLimiterRedis } from 'rate-limiter-flexible';
import type { LoginAttempt, LoginThrottle } from '#domain/user/index.ts';
import { sha256 } from '#shared/digest.ts';

const WINDOW_SECONDS = 15 * 60;
const OVERALL_WINDOW_MS = 60_000;
/** Failures that cost nothing. */
const FREE_PER_ACCOUNT = 5;
const FREE_PER_ADDRESS = 50;
const FREE_OVERALL = 600;
const FIRST_DELAY_SECONDS = 1;
/** A timer cannot run for longer than 24 days. */
const DEVICE_SECONDS = 20 * 24 * 3600;
/** Whoever logs in from ever new addresses takes no more room than this. */
const DEVICES_PER_ACCOUNT = 16;

/** Counts and begins the time to live anew, in one step for all servers. The library's own keeps the first one. */
const COUNT = `local count = redis.call('incrby', KEYS[1], ARGV[1])
redis.call('expire', KEYS[1], ARGV[2])
return { count, redis.call('pttl', KEYS[1]) }`;

export interface LoginThrottleDeps {
  /** Failures count for all processes that share it; without one, and while it is out of reach, for this one. */
  redis: Redis | null;
}

/**
 * Counts failed logins per account, per address and overall. An address from which the account has logged in
 * before is counted apart, so that strangers cannot lock its owner out.
 */
export function createLoginThrottle({ redis }: LoginThrottleDeps): LoginThrottle {
  const failures = createCounter(redis, 'failures', WINDOW_SECONDS);
  const overall = createCounter(redis, 'overall', 2 * (OVERALL_WINDOW_MS / 1000));
  const devices = createCounter(redis, 'devices', DEVICE_SECONDS);

  async function accountKey(attempt: LoginAttempt): Promise<{ key: string; known: boolean }> {
    const { slot, mark } = placeOf(attempt);
    const known = (await devices.get(slot))?.consumedPoints === mark;
    return { key: known ? deviceKey(attempt) : keyOf('account', attempt.account), known };
  }

  async function record(key: string): Promise<void> {
    const { consumedPoints: count } = await failures.penalty(key);
    // Memory keeps the first time to live.
    if (redis?.status !== 'ready') await failures.set(key, count, WINDOW_SECONDS);
  }

  /** The time since the last failure is what is gone of the window. */
  async function waitOf(key: string, free: number): Promise<number> {
    const found = await failures.get(key);
    if (found === null || found.msBeforeNext <= 0 || found.consumedPoints < free) return 0;
    const doublings = Math.min(found.consumedPoints - free, 20);
    const delay = Math.min(FIRST_DELAY_SECONDS * 2 ** doublings, WINDOW_SECONDS);
    return Math.max(0, (delay - WINDOW_SECONDS) * 1000 + found.msBeforeNext);
  }

  async function overallWaitMs(): Promise<number> {
    const count = await overall.get(currentWindow());
    if (count === null || count.consumedPoints < FREE_OVERALL) return 0;
    return OVERALL_WINDOW_MS - (Date.now() % OVERALL_WINDOW_MS);
  }

  return {
    async waitMs(attempt) {
      const { key, known } = await accountKey(attempt);
      const account = waitOf(key, FREE_PER_ACCOUNT);
      if (known) return account;
      const all = [account, waitOf(addressKey(attempt), FREE_PER_ADDRESS), overallWaitMs()];
      return Math.max(...(await Promise.all(all)));
    },
    async failed(attempt) {
      const { key } = await accountKey(attempt);
      await Promise.all([record(key), record(addressKey(attempt)), overall.penalty(currentWindow())]);
    },
    async succeeded(attempt) {
      const { key } = await accountKey(attempt);
      const { slot, mark } = placeOf(attempt);
      await Promise.all([
        failures.delete(key),
        failures.delete(deviceKey(attempt)),
        devices.set(slot, mark, DEVICE_SECONDS),
      ]);
    },
  };
}

/** Points are only counted, never refused by the limiter itself. */
function createCounter(redis: Redis | null, name: string, duration: number): RateLimiterAbstract {
  const options = { keyPrefix: `crush:login:${name}`, points: Number.MAX_SAFE_INTEGER, duration };
  const local = new RateLimiterMemory(options);
  if (redis === null) return local;
  return new RateLimiterRedis({
    ...options,
    storeClient: redis,
    customIncrTtlLuaScript: COUNT,
    rejectIfRedisNotReady: true,
    insuranceLimiter: local,
  });
}

function currentWindow(): string {
  return String(Math.floor(Date.now() / OVERALL_WINDOW_MS));
}

function deviceKey({ account, address }: LoginAttempt): string {
  return keyOf('device', `${address} ${account}`);
}

/** One of the account's places for known addresses, and the number that stands there for this one. */
function placeOf({ account, address }: LoginAttempt): { slot: string; mark: number } {
  const digest = sha256(address);
  const place = Number.parseInt(digest.slice(0, 4), 16) % DEVICES_PER_ACCOUNT;
  return { slot: keyOf('device', `${place} ${account}`), mark: Number.parseInt(digest.slice(4, 16), 16) };
}

function addressKey({ address }: LoginAttempt): string {
  return keyOf('address', address);
}

/** Of one length, whatever was typed, and without anybody's address in the store. */
function keyOf(kind: 'account' | 'address' | 'device', text: string): string {
  return `${kind}:${sha256(text)}`;
}
