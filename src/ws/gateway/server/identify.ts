import { DomainError, isDomainError } from '#domain/errors.ts';
import type { Access, Authenticator } from '#domain/user/index.ts';
import type { Clock } from '#shared/clock.ts';
import { networkOf } from '#shared/network-of.ts';
import { createKeyedBuckets } from '#shared/token-bucket.ts';
import { type Handshake, originAllowed } from './handshake.ts';
import type { GatewayLimits } from './limits.ts';

export interface IdentifyDeps {
  authenticator: Pick<Authenticator, 'authenticate'>;
  /** Exact origins of browsers that may connect. */
  allowedOrigins: readonly string[];
  limits: Pick<GatewayLimits, 'connectsPerUserPerMinute' | 'failedConnectsPerAddressPerMinute'>;
  clock: Clock;
}

export interface Identity {
  token: string;
  access: Access;
}

/** Who asks for an upgrade. Throws `forbidden`, what the authenticator throws, and `too_many_requests`. */
export type Identify = (handshake: Handshake, address: string) => Promise<Identity>;

/**
 * A proxy makes many users one address. So an address answers for its failures only, and these never stand in
 * the way of a valid token: its connects are counted for its user.
 */
export function createIdentify(deps: IdentifyDeps): Identify {
  const { authenticator, limits, clock } = deps;
  const allowedOrigins = new Set(deps.allowedOrigins);
  const failures = createKeyedBuckets(perMinute(limits.failedConnectsPerAddressPerMinute), clock);
  const connects = createKeyedBuckets(perMinute(limits.connectsPerUserPerMinute), clock);

  async function authenticate({ origin, token }: Handshake): Promise<Identity> {
    if (!originAllowed(origin, allowedOrigins)) {
      throw new DomainError('forbidden', 'This origin is not allowed');
    }
    if (!token) throw new DomainError('unauthenticated', 'A token is required');
    return { token, access: await authenticator.authenticate(token) };
  }

  return async (handshake, address) => {
    const identity = await authenticate(handshake).catch((error: unknown) => {
      if (isDomainError(error, 'unavailable') || failures.take(networkOf(address))) throw error;
      throw tooMany('Too many refused connections from this address');
    });
    if (!connects.take(identity.access.user.id)) throw tooMany('Too many connections in a short time');
    return identity;
  };
}

function perMinute(count: number) {
  return { perSecond: count / 60, burst: count };
}

function tooMany(message: string): DomainError {
  return new DomainError('too_many_requests', message, { retryAfterSeconds: 60 });
}
