import { LRUCache } from 'lru-cache';
import { DomainError } from '#domain/errors.ts';
import type { Bus } from '#domain/events/index.ts';
import type { Access, AccessClaims, Authenticator, TokenSigner } from '#domain/user/index.ts';
import type { Clock } from '#shared/clock.ts';

export interface AuthenticatorDeps {
  signer: Pick<TokenSigner, 'verify'>;
  /** Holds the claims against the stored user and login session. */
  verifyAccess: (claims: AccessClaims) => Promise<Access>;
  bus: Pick<Bus, 'subscribe'>;
  clock: Clock;
}

/** How long a revocation that the bus lost may go unseen. */
const CACHE_TTL_MS = 30_000;
const CACHE_SIZE = 10_000;

/**
 * Remembers verified tokens for a short while, so that a request costs no query to be authenticated.
 * `access_revoked` on the bus forgets them at once.
 */
export function createAuthenticator(deps: AuthenticatorDeps): Authenticator {
  const { signer, verifyAccess, bus, clock } = deps;
  const cache = new LRUCache<string, { access: Access; until: number }>({ max: CACHE_SIZE });
  let revocations = 0;

  const unsubscribe = bus.subscribe('access_revoked', ({ userId, loginSessionId }) => {
    revocations++;
    for (const [token, { access }] of cache.entries()) {
      if (access.user.id !== userId) continue;
      if (loginSessionId === undefined || access.loginSessionId === loginSessionId) cache.delete(token);
    }
  });

  return {
    async authenticate(token) {
      const now = clock.now();
      const hit = cache.get(token);
      if (hit && now < hit.until) return hit.access;
      if (hit && now >= hit.access.expiresAt) {
        cache.delete(token);
        throw new DomainError('token_expired', 'The token has expired');
      }
      const before = revocations;
      const access = await verifyAccess(await signer.verify(token));
      // A revocation that came in between may have been missed by the query: then nothing is remembered.
      if (before === revocations) {
        cache.set(token, { access, until: Math.min(now + CACHE_TTL_MS, access.expiresAt) });
      }
      return access;
    },
    close: unsubscribe,
  };
}
