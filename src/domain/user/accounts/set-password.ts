import type { Context } from '../../context.ts';
import { notFound } from '../../errors.ts';
import { parseInput } from '../../parse-input.ts';
import { NewPassword } from '../../protocol/requests/auth.ts';
import { endAllLogins } from '../login/end-all-logins.ts';
import type { PasswordHasher } from '../ports.ts';

/** Replaces the password and ends every login session of the user. */
export async function setPassword(
  deps: { hasher: Pick<PasswordHasher, 'hash'> },
  ctx: Context<'users' | 'logins'>,
  input: { userId: string; password: string },
): Promise<void> {
  const password = parseInput(NewPassword, input.password);
  if (!(await ctx.repositories.users.get(input.userId))) throw notFound('User');
  const hash = await deps.hasher.hash(password);
  await ctx.transaction(async (tx) => {
    await tx.repositories.users.setPasswordHash(input.userId, hash, tx.clock.now());
    await endAllLogins(tx, input.userId);
  });
}
