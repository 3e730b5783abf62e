import { derivedId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { emit } from '../events/emit.ts';
import { closeTurnHistory, type TurnHistoryRepositories } from './close-history.ts';
import { emitStatus, readSessionStatus } from './session-status.ts';
import type { TERMINAL_TURN_STATUSES, Turn, TurnStatus } from './turn.ts';

export interface TurnOutcome {
  /** The turn is finished only from one of these. */
  from: readonly TurnStatus[];
  status: (typeof TERMINAL_TURN_STATUSES)[number];
  /** A sentence for the user. */
  error?: string;
  errorCode?: string;
  /** Detail for the finish part of the message. */
  details?: string;
}

const WIRE_STATUS = { succeeded: 'completed', failed: 'error', cancelled: 'cancelled' } as const;

/**
 * Ends a turn, once: null when another process was faster. What it left open in the history is closed, so that
 * every tool call has its result, and its one `generation_complete` is emitted, after
 * `announced`.
 */
export async function finishTurn(
  ctx: Context<TurnHistoryRepositories | 'turns'>,
  { id, sessionId }: Pick<Turn, 'id' | 'sessionId'>,
  outcome: TurnOutcome,
  announced: Promise<unknown> = Promise.resolve(),
): Promise<Turn | null> {
  return ctx.transaction(async (tx) => {
    const transition = tx.repositories.turns.transition(id, outcome.from, outcome.status, {
      now: tx.clock.now(),
      error: outcome.error ?? null,
      errorCode: outcome.errorCode ?? null,
    });
    // Sent behind the transition, whose effect it sees.
    const [turn, status] = await Promise.all([transition, readSessionStatus(tx, sessionId)]);
    if (!turn) return null;
    await announced;
    if (outcome.status !== 'succeeded') {
      await closeTurnHistory(tx, turn, {
        reason: outcome.status === 'cancelled' ? 'canceled' : 'error',
        message: outcome.error,
        details: outcome.details,
      });
    }
    await emitStatus(tx, sessionId, status);
    await emit(
      tx,
      {
        Type: 'generation_complete',
        session_id: turn.sessionId,
        turn_id: turn.id,
        status: WIRE_STATUS[outcome.status],
        ...(outcome.error === undefined ? {} : { error: outcome.error }),
      },
      derivedId(turn.id, 'generation_complete'),
    );
    return turn;
  });
}
