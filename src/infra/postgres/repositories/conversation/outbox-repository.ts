import { asc, lt, sql } from 'drizzle-orm';
import type { OutboxEvent, OutboxRepository } from '#domain/events/index.ts';
import { type Executor, type RepositoryDeps, uuidArray } from '../../engine/executor.ts';
import { outbox } from '../../schema/index.ts';

/** `collect`: events go there instead, and their rows are inserted together at the end of the transaction. */
export function createOutboxRepository(
  { executor }: RepositoryDeps,
  collect?: (event: OutboxEvent) => void,
): OutboxRepository {
  return {
    async add(event) {
      if (collect) collect(event);
      else await insertEvents(executor, [event]);
    },
    async take(olderThan, limit) {
      const rows = await executor
        .select()
        .from(outbox)
        .where(lt(outbox.createdAt, olderThan))
        .orderBy(asc(outbox.position))
        .limit(limit)
        .for('update', { skipLocked: true });
      return rows.map(toOutboxEvent);
    },
    async remove(ids) {
      if (ids.length > 0) await executor.delete(outbox).where(sql`${outbox.id} = any(${uuidArray(ids)})`);
    },
  };
}

/** An id that is there already stands for the same event. */
export async function insertEvents(executor: Executor, events: readonly OutboxEvent[]): Promise<void> {
  if (events.length === 0) return;
  await executor
    .insert(outbox)
    .values([...events])
    .onConflictDoNothing({ target: outbox.id });
}

function toOutboxEvent(row: typeof outbox.$inferSelect): OutboxEvent {
  return { id: row.id, sessionId: row.sessionId, body: row.body, createdAt: row.createdAt };
}
