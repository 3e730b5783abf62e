import { createSecretKey, hkdfSync, type KeyObject } from 'node:crypto';
import { errors, type JWTHeaderParameters, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { DomainError } from '#domain/errors.ts';
import type { AccessClaims, TokenSigner } from '#domain/user/index.ts';
import type { Clock } from '#shared/clock.ts';
import { isId } from '#shared/ids.ts';

export interface TokenSignerOptions {
  /** At least 32 bytes. */
  secret: string;
  /** Secrets of before a rotation: their tokens are accepted until they expire. */
  previousSecrets?: readonly string[];
  issuer: string;
  audience: string;
  clock: Clock;
}

export const MIN_SECRET_BYTES = 32;
const ALGORITHM = 'HS256';
/** RFC 9068's media type: no other token of ours carries it. */
const TOKEN_TYPE = 'at+jwt';
const USE = 'access';
const CLOCK_TOLERANCE_SECONDS = 5;
const MAX_TOKEN_LENGTH = 4096;
/** Headers that name a key elsewhere; we never follow one. */
const FOREIGN_KEY_HEADERS = ['jku', 'jwk', 'x5u', 'x5c', 'crit'];

interface SigningKey {
  kid: string;
  key: KeyObject;
}

export function createTokenSigner(options: TokenSignerOptions): TokenSigner {
  const { issuer, audience, clock } = options;
  const current = signingKey(options.secret);
  const keys = new Map(
    [current, ...(options.previousSecrets ?? []).map(signingKey)].map(({ kid, key }) => [kid, key]),
  );

  const keyOf = (header: JWTHeaderParameters): KeyObject => {
    const key = typeof header.kid === 'string' ? keys.get(header.kid) : undefined;
    if (!key || FOREIGN_KEY_HEADERS.some((name) => name in header))
      throw new errors.JWSInvalid('unknown key');
    return key;
  };

  return {
    sign(claims) {
      return new SignJWT({
        user_id: claims.userId,
        username: claims.username,
        sid: claims.loginSessionId,
        use: USE,
      })
        .setProtectedHeader({ alg: ALGORITHM, typ: TOKEN_TYPE, kid: current.kid })
        .setSubject(claims.userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt(Math.floor(claims.issuedAt / 1000))
        .setExpirationTime(Math.floor(claims.expiresAt / 1000))
        .sign(current.key);
    },
    async verify(token) {
      if (token.length > MAX_TOKEN_LENGTH) throw invalidToken();
      try {
        const { payload } = await jwtVerify(token, keyOf, {
          algorithms: [ALGORITHM],
          typ: TOKEN_TYPE,
          issuer,
          audience,
          requiredClaims: ['exp', 'iat', 'sub', 'sid', 'use'],
          clockTolerance: CLOCK_TOLERANCE_SECONDS,
          currentDate: new Date(clock.now()),
        });
        return toClaims(payload);
      } catch (error) {
        if (error instanceof errors.JWTExpired)
          throw new DomainError('token_expired', 'The token has expired');
        throw invalidToken();
      }
    },
  };
}

/** One secret gives one key for this purpose and a public name for it. */
function signingKey(secret: string): SigningKey {
  if (Buffer.byteLength(secret) < MIN_SECRET_BYTES) {
    throw new Error(`the token secret must have at least ${MIN_SECRET_BYTES} bytes`);
  }
  const derive = (purpose: string, length: number) =>
    Buffer.from(hkdfSync('sha256', secret, '', `crush/access-token/v1/${purpose}`, length));
  return { kid: derive('kid', 9).toString('base64url'), key: createSecretKey(derive('key', 32)) };
}

function toClaims(payload: JWTPayload): AccessClaims {
  const { sub, sid, use, username, user_id: userId, iat, exp } = payload;
  if (use !== USE || typeof sub !== 'string' || sub !== userId || !isId(sub) || !isId(sid))
    throw invalidToken();
  if (typeof username !== 'string' || iat === undefined || exp === undefined) throw invalidToken();
  return { userId: sub, username, loginSessionId: sid, issuedAt: iat * 1000, expiresAt: exp * 1000 };
}

function invalidToken(): DomainError {
  return new DomainError('unauthenticated', 'The token is not valid');
}
