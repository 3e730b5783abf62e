import type { Context } from '../../context.ts';
import { getOwnedSession } from '../../session/get-owned-session.ts';
import type { TurnHistoryRepositories } from './close-history.ts';
import { finishTurn } from './finish-turn.ts';

export interface CancelledSession {
  /** Turns that have ended by this call. */
  cancelled: number;
  /** True when a running turn was asked to stop; it ends within seconds. */
  stopping: boolean;
}

/** Cancels the session's turn and clears its queue. Calling it on an idle session does nothing. */
export async function cancelSession(
  ctx: Context<TurnHistoryRepositories | 'turns'>,
  sessionId: string,
): Promise<CancelledSession> {
  return ctx.transaction(async (tx) => {
    const session = await getOwnedSession(tx, sessionId);
    const outcome: CancelledSession = { cancelled: 0, stopping: false };
    // Newest first: nothing queued can start in between.
    for (const turn of (await tx.repositories.turns.listUnfinished(session.id)).reverse()) {
      const done = await finishTurn(tx, turn, { from: ['queued', 'waiting'], status: 'cancelled' });
      if (done) {
        outcome.cancelled += 1;
        continue;
      }
      await tx.repositories.turns.requestCancel(turn.id);
      tx.notify('turn_cancel', { sessionId: session.id });
      outcome.stopping = true;
    }
    return outcome;
  });
}
