import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';

/** The account may log in again; what was revoked stays revoked. */
export async function enableUser(ctx: Context<'users'>, userId: string): Promise<void> {
  if (!(await ctx.repositories.users.get(userId))) throw notFound('User');
  await ctx.repositories.users.setDisabled(userId, null, ctx.clock.now());
}
