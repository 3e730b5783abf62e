import type { Context } from '../context.ts';
import type { TurnRepository } from './ports.ts';
import type { Turn } from './turn.ts';

/** Inserts the turn of a locked session, one at a time of its user, so that what is counted next holds. */
export async function enqueueTurn(
  { repositories: { users, turns } }: Context<'users' | 'turns'>,
  turn: Omit<Turn, 'number'>,
): ReturnType<TurnRepository['enqueue']> {
  // In one round trip: statements are carried out in the order in which they are called.
  const [, enqueued] = await Promise.all([users.lockShares(turn.userId), turns.enqueue(turn)]);
  return enqueued;
}
