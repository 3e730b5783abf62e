import type { Context } from '../../context.ts';
import type { User } from '../user.ts';

const PAGE_SIZE = 500;

/** Every account, oldest first. For the operator only. */
export async function listUsers(ctx: Context<'users'>): Promise<User[]> {
  const users: User[] = [];
  for (;;) {
    const page = await ctx.repositories.users.list({ limit: PAGE_SIZE, afterId: users.at(-1)?.id });
    users.push(...page);
    if (page.length < PAGE_SIZE) return users;
  }
}
