import { newId } from '#shared/ids.ts';
import type { Turn } from './turn.ts';

type Given = Pick<Turn, 'kind' | 'promptDigest' | 'idempotencyKey'> & { now: number };

/** A queued turn of the session's owner; its number comes with the insertion. */
export function newTurn(
  session: { id: string; userId: string },
  { kind, promptDigest, idempotencyKey, now }: Given,
): Omit<Turn, 'number'> {
  return {
    id: newId(),
    sessionId: session.id,
    userId: session.userId,
    kind,
    status: 'queued',
    attempt: 0,
    cancelRequested: false,
    messageId: newId(),
    idempotencyKey,
    promptDigest,
    error: null,
    errorCode: null,
    createdAt: now,
    startedAt: null,
    finishedAt: null,
  };
}
