import { canonicalJson, sha256 } from '#shared/digest.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import { checkQueues, type SubmitPromptLimits } from './check-queues.ts';
import { enqueueTurn } from './enqueue-turn.ts';
import { newTurn } from './new-turn.ts';
import { emitSessionStatus } from './session-status.ts';

const DIGEST = sha256(canonicalJson({ summary: true }));

/**
 * Queues a turn that puts a summary in the place of the session's history. Throws `conflict` while another turn is
 * unfinished, or when nothing has come since the last summary.
 */
export async function summarizeSession(
  ctx: Context<'users' | 'sessions' | 'turns' | 'messages' | 'outbox'>,
  sessionId: string,
  limits: SubmitPromptLimits = {},
): Promise<{ turnId: string }> {
  return ctx.transaction(async (tx) => {
    const session = await getOwnedSession(tx, sessionId, 'lock');
    const { turns, messages } = tx.repositories;
    if ((await turns.listUnfinished(session.id)).length > 0) {
      throw new DomainError('conflict', 'The session is busy; summarize it when its turn has ended');
    }
    const [last] = await messages.list(session.id, { limit: 1 });
    if (!last || last.id === session.summaryMessageId) {
      throw new DomainError('conflict', 'There is nothing to summarize');
    }
    const wanted = { kind: 'summary', promptDigest: DIGEST, idempotencyKey: null } as const;
    const { turn } = await enqueueTurn(tx, newTurn(session, { ...wanted, now: tx.clock.now() }));
    await checkQueues(tx, turn, limits);
    await emitSessionStatus(tx, session.id);
    tx.notify('turn_queued', { sessionId: session.id });
    return { turnId: turn.id };
  });
}
