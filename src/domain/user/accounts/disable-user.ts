import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { endAllLogins } from '../login/end-all-logins.ts';

/** Locks an account out: no login, no token, no socket. */
export async function disableUser(ctx: Context<'users' | 'logins'>, userId: string): Promise<void> {
  await ctx.transaction(async (tx) => {
    if (!(await tx.repositories.users.get(userId))) throw notFound('User');
    await tx.repositories.users.setDisabled(userId, tx.clock.now(), tx.clock.now());
    await endAllLogins(tx, userId);
  });
}
