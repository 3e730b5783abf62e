import type { Context } from '../context.ts';
import { type SettleRepositories, settlePermission } from './settle-permission.ts';

const BATCH = 50;

/** Settles the requests whose time is up; each in a transaction of its own. Returns how many. */
export async function expirePermissions(ctx: Context<SettleRepositories>): Promise<number> {
  const due = await ctx.repositories.permissions.listExpired(ctx.clock.now(), BATCH);
  let expired = 0;
  for (const request of due) {
    const settled = await ctx.transaction((tx) =>
      settlePermission(tx, request, { status: 'expired', by: 'timeout' }),
    );
    if (settled) expired += 1;
  }
  return expired;
}
