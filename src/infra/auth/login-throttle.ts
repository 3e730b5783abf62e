import type { Redis } from 'ioredis';
import type { LoginAttempt, LoginThrottle } from '#domain/user/index.ts';
import { sha256 } from '#shared/digest.ts';
import { createCounter } from './counter.ts';

const WINDOW_SECONDS = 15 * 60;
const OVERALL_WINDOW_MS = 60_000;
/** Failures that cost nothing. */
const FREE_PER_ACCOUNT = 5;
const FREE_PER_NETWORK = 50;
const FREE_OVERALL = 600;
const FIRST_DELAY_SECONDS = 1;

export interface LoginThrottleDeps {
  /** Failures count for all processes that share it; without one, and while it is out of reach, for this one. */
  redis: Redis | null;
}

/**
 * Counts failed logins per account, per network and overall. A network from which the account has been used before
 * is counted apart, so that strangers cannot lock its owner out.
 */
export function createLoginThrottle({ redis }: LoginThrottleDeps): LoginThrottle {
  const failures = createCounter(redis, { name: 'login:failures', seconds: WINDOW_SECONDS, renewed: true });
  const overallSeconds = 2 * (OVERALL_WINDOW_MS / 1000);
  const overall = createCounter(redis, { name: 'login:overall', seconds: overallSeconds });

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
      const account = waitOf(accountKey(attempt), FREE_PER_ACCOUNT);
      if (attempt.isKnown) return account;
      const all = [account, waitOf(networkKey(attempt), FREE_PER_NETWORK), overallWaitMs()];
      return Math.max(...(await Promise.all(all)));
    },
    async failed(attempt) {
      const all = [record(accountKey(attempt)), record(networkKey(attempt))];
      await Promise.all([...all, overall.penalty(currentWindow())]);
    },
    async succeeded(attempt) {
      await Promise.all([failures.delete(accountKey(attempt)), failures.delete(deviceKey(attempt))]);
    },
  };
}

function currentWindow(): string {
  return String(Math.floor(Date.now() / OVERALL_WINDOW_MS));
}

function accountKey(attempt: LoginAttempt): string {
  return attempt.isKnown ? deviceKey(attempt) : keyOf('account', attempt.account);
}

function deviceKey({ account, network }: LoginAttempt): string {
  return keyOf('device', `${network} ${account}`);
}

function networkKey({ network }: LoginAttempt): string {
  return keyOf('network', network);
}

/** Of one length, whatever was typed, and without anybody's address in the store. */
function keyOf(kind: 'account' | 'network' | 'device', text: string): string {
  return `${kind}:${sha256(text)}`;
}
