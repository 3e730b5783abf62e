import type { Context } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import type { Access } from '../access.ts';
import type { AccessClaims } from '../ports.ts';

/** Holds a token's claims against what is stored now. Throws `unauthenticated`. */
export async function verifyAccess(ctx: Context<'users' | 'logins'>, claims: AccessClaims): Promise<Access> {
  const { users, logins } = ctx.repositories;
  const [user, login] = await Promise.all([users.get(claims.userId), logins.get(claims.loginSessionId)]);
  const now = ctx.clock.now();
  // `iat` has whole seconds; a token of the same second is caught by its revoked login session.
  const voidedAt = user ? Math.floor(user.tokensValidAfter / 1000) * 1000 : 0;
  const loginHolds =
    login !== null && login.userId === claims.userId && login.revokedAt === null && now < login.expiresAt;
  if (!user || user.disabledAt !== null || !loginHolds || claims.issuedAt < voidedAt) {
    throw new DomainError('unauthenticated', 'This login has ended, log in again');
  }
  return {
    user,
    loginSessionId: claims.loginSessionId,
    expiresAt: Math.min(claims.expiresAt, login.expiresAt),
  };
}
