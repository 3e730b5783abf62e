import type { Context } from '../../context.ts';

/** Voids every token and login session of a user. Meant to be part of a larger transaction. */
export async function endAllLogins(ctx: Context<'users' | 'logins'>, userId: string): Promise<void> {
  const now = ctx.clock.now();
  await ctx.repositories.users.setTokensValidAfter(userId, now);
  await ctx.repositories.logins.revokeAll(userId, now);
  ctx.notify('access_revoked', { userId, reason: 'revoked' });
}
