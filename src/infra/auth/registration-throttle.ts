import { isIPv4 } from 'node:net';
import type { Redis } from 'ioredis';
import type { RegistrationThrottle } from '#domain/user/index.ts';
import { sha256 } from '#shared/digest.ts';
import { createCounter } from './counter.ts';

const HOUR_SECONDS = 3600;

export interface RegistrationThrottleDeps {
  redis: Redis | null;
  /** Attempts in an hour. */
  perNetwork: number;
  inAll: number;
}

/**
 * Counts attempts to make an account by the hour. This machine's own network is counted in all only: whoever is
 * there either administers it or is a proxy that nobody has named.
 */
export function createRegistrationThrottle(deps: RegistrationThrottleDeps): RegistrationThrottle {
  const { redis, perNetwork, inAll } = deps;
  const networks = createCounter(redis, { name: 'registration:network', seconds: HOUR_SECONDS });
  const all = createCounter(redis, { name: 'registration:all', seconds: HOUR_SECONDS });

  return {
    async take(network) {
      const own = isLocal(network) ? null : await networks.penalty(sha256(network));
      // What a network is refused is nobody else's affair.
      if (own !== null && own.consumedPoints > perNetwork) return own.msBeforeNext;
      const total = await all.penalty('all');
      return total.consumedPoints > inAll ? total.msBeforeNext : 0;
    },
  };
}

function isLocal(network: string): boolean {
  return isIPv4(network) ? network.startsWith('127.') : network === '0:0:0:0::/64';
}
