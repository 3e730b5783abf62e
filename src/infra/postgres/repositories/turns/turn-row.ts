import type { Turn } from '#domain/turn/index.ts';
import type { turns } from '../../schema/index.ts';

export function toTurn(row: typeof turns.$inferSelect): Turn {
  return {
    id: row.id,
    sessionId: row.sessionId,
    userId: row.userId,
    number: row.number,
    kind: row.kind,
    status: row.status,
    attempt: row.attempt,
    cancelRequested: row.cancelRequested,
    messageId: row.messageId,
    idempotencyKey: row.idempotencyKey,
    promptDigest: row.promptDigest,
    error: row.error,
    errorCode: row.errorCode,
    createdAt: row.createdAt,
    startedAt: row.startedAt,
    finishedAt: row.finishedAt,
  };
}
