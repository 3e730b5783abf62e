import { LRUCache } from 'lru-cache';
import type { LoginAttempt, LoginThrottle } from '#domain/user/index.ts';
import type { Clock } from '#shared/clock.ts';

const WINDOW_MS = 15 * 60_000;
const GLOBAL_WINDOW_MS = 60_000;
/** Failures that cost nothing. */
const FREE_PER_ACCOUNT = 5;
const FREE_PER_ADDRESS = 50;
const FREE_OVERALL = 600;
const FIRST_DELAY_MS = 1_000;
const MAX_DELAY_MS = WINDOW_MS;
const REMEMBERED = 50_000;

interface Failures {
  count: number;
  last: number;
}

/**
 * Counts failed logins per account, per address and overall. An address from which the account has logged in
 * before is counted apart, so that strangers cannot lock its owner out.
 */
export function createLoginThrottle(clock: Clock): LoginThrottle {
  const failures = new LRUCache<string, Failures>({ max: REMEMBERED });
  const knownDevices = new LRUCache<string, true>({ max: REMEMBERED });
  let overall = { count: 0, since: 0 };

  const deviceKey = ({ account, address }: LoginAttempt) => `d|${address}|${account}`;
  const isKnown = (attempt: LoginAttempt) => knownDevices.has(deviceKey(attempt));
  const accountKey = (attempt: LoginAttempt) =>
    isKnown(attempt) ? deviceKey(attempt) : `a|${attempt.account}`;
  const addressKey = ({ address }: LoginAttempt) => `i|${address}`;

  const live = (key: string): Failures | undefined => {
    const entry = failures.get(key);
    return entry && clock.now() - entry.last < WINDOW_MS ? entry : undefined;
  };
  const record = (key: string) => {
    failures.set(key, { count: (live(key)?.count ?? 0) + 1, last: clock.now() });
  };
  const waitMs = (key: string, free: number) => {
    const entry = live(key);
    if (!entry || entry.count < free) return 0;
    const delay = Math.min(FIRST_DELAY_MS * 2 ** Math.min(entry.count - free, 20), MAX_DELAY_MS);
    return Math.max(0, entry.last + delay - clock.now());
  };
  const overallWaitMs = () => {
    const left = overall.since + GLOBAL_WINDOW_MS - clock.now();
    return overall.count >= FREE_OVERALL ? Math.max(0, left) : 0;
  };

  return {
    waitMs(attempt) {
      const account = waitMs(accountKey(attempt), FREE_PER_ACCOUNT);
      if (isKnown(attempt)) return account;
      return Math.max(account, waitMs(addressKey(attempt), FREE_PER_ADDRESS), overallWaitMs());
    },
    failed(attempt) {
      record(accountKey(attempt));
      record(addressKey(attempt));
      if (clock.now() - overall.since >= GLOBAL_WINDOW_MS) overall = { count: 0, since: clock.now() };
      overall.count++;
    },
    succeeded(attempt) {
      failures.delete(accountKey(attempt));
      knownDevices.set(deviceKey(attempt), true);
      failures.delete(deviceKey(attempt));
    },
  };
}
