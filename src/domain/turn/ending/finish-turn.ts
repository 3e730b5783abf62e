import { derivedId } from '#shared/ids.ts';
import type { Context } from '../../context.ts';
import { emit } from '../../events/emit.ts';
import type { SessionStatus } from '../../session/session.ts';
import { emitStatus, readSessionStatus } from '../session-status.ts';
import type { TERMINAL_TURN_STATUSES, Turn, TurnStatus } from '../turn.ts';
import { closeTurnHistory, type TurnHistoryRepositories } from './close-history.ts';

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

export interface EndedTurn {
  turn: Turn;
  /** The session's, after it. */
  status: SessionStatus;
}

type Ending = Pick<Turn, 'id' | 'sessionId'>;

/**
 * Ends a turn, once: null when another process was faster. What it left open in the history is closed, so that
 * every tool call has its result, and its one `generation_complete` is emitted.
 */
export async function finishTurn(
  ctx: Context<TurnHistoryRepositories | 'turns'>,
  ending: Ending,
  outcome: TurnOutcome,
): Promise<Turn | null> {
  return ctx.transaction(async (tx) => {
    const ended = await markEnded(tx, ending, outcome);
    if (!ended) return null;
    if (outcome.status !== 'succeeded') {
      await closeTurnHistory(tx, ended.turn, {
        reason: outcome.status === 'cancelled' ? 'canceled' : 'error',
        message: outcome.error,
        details: outcome.details,
      });
    }
    await announceEnd(tx, ended, outcome);
    return ended.turn;
  });
}

/** Only the turn's row; `announceEnd` has to follow in the same transaction. */
export async function markEnded(
  ctx: Context<'turns'>,
  { id, sessionId }: Ending,
  { from, status, error, errorCode }: TurnOutcome,
): Promise<EndedTurn | null> {
  const change = { now: ctx.clock.now(), error: error ?? null, errorCode: errorCode ?? null };
  // The second is sent behind the first, whose effect it sees.
  const [turn, sessionStatus] = await Promise.all([
    ctx.repositories.turns.transition(id, from, status, change),
    readSessionStatus(ctx, sessionId),
  ]);
  return turn && { turn, status: sessionStatus };
}

export async function announceEnd(
  ctx: Context<'outbox'>,
  { turn, status }: EndedTurn,
  outcome: Pick<TurnOutcome, 'status' | 'error'>,
): Promise<void> {
  await emitStatus(ctx, turn.sessionId, status);
  await emit(
    ctx,
    {
      Type: 'generation_complete',
      session_id: turn.sessionId,
      turn_id: turn.id,
      status: WIRE_STATUS[outcome.status],
      ...(outcome.error === undefined ? {} : { error: outcome.error }),
    },
    derivedId(turn.id, 'generation_complete'),
  );
}
