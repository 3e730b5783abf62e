import type { Context } from '../../context.ts';

/** Ends the login session that the actor came with, on every process. */
export async function logOut(ctx: Context<'logins'>): Promise<void> {
  const { actor } = ctx;
  if (actor.kind !== 'user') return;
  await ctx.repositories.logins.revoke(actor.loginSessionId, ctx.clock.now());
  ctx.notify('access_revoked', {
    userId: actor.userId,
    loginSessionId: actor.loginSessionId,
    reason: 'logout',
  });
}
