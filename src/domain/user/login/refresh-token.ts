import type { Context } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import { issueToken, type LoginResult, type TokenIssuerDeps } from './issue-token.ts';

/** A new token of the same login session. The old one keeps its own end, so two tabs may refresh at once. */
export async function refreshToken(
  deps: TokenIssuerDeps,
  ctx: Context<'users' | 'logins'>,
): Promise<LoginResult> {
  const { actor } = ctx;
  const { users, logins } = ctx.repositories;
  const now = ctx.clock.now();
  const login = actor.kind === 'user' ? await logins.get(actor.loginSessionId) : null;
  const user = login ? await users.get(login.userId) : null;
  if (!login || !user || login.revokedAt !== null || now >= login.expiresAt || user.disabledAt !== null) {
    throw new DomainError('unauthenticated', 'This login has ended, log in again');
  }
  await logins.touch(login.id, now);
  return { user, token: await issueToken(deps, now, user, login) };
}
