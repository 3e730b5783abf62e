import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError, notFound } from '../errors.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import type { TurnHistoryRepositories } from './ending/close-history.ts';
import { finishTurn } from './ending/finish-turn.ts';
import type { Turn } from './turn.ts';

/** The prompts that have not started, in order. */
export async function listQueue(ctx: Context<'sessions' | 'turns'>, sessionId: string): Promise<Turn[]> {
  const session = await getOwnedSession(ctx, sessionId);
  const turns = await ctx.repositories.turns.listUnfinished(session.id);
  return turns.filter((turn) => turn.status === 'queued' && turn.startedAt === null);
}

/** Takes one prompt out of the queue. Throws `not_found`, or `conflict` once it has started. */
export async function removeQueued(
  ctx: Context<TurnHistoryRepositories | 'turns'>,
  input: { sessionId: string; turnId: string },
): Promise<void> {
  await ctx.transaction(async (tx) => {
    const session = await getOwnedSession(tx, input.sessionId);
    const turn = isId(input.turnId) ? await tx.repositories.turns.get(input.turnId) : null;
    if (turn?.sessionId !== session.id) throw notFound('Prompt');
    const done =
      turn.startedAt === null && (await finishTurn(tx, turn, { from: ['queued'], status: 'cancelled' }));
    if (!done) throw new DomainError('conflict', 'This prompt has already started');
  });
}
