import { asc, sql } from 'drizzle-orm';
import type { OutboxEvent, OutboxRepository } from '#domain/events/index.ts';
import { DATABASE_NOW_MS, type Executor, type RepositoryDeps, uuidArray } from '../../engine/executor.ts';
import { outbox } from '../../schema/index.ts';

export function createOutboxRepository({ executor }: RepositoryDeps): OutboxRepository {
  return {
    add: (event) => insertEvents(executor, [event]),
    async take(minAgeMs, limit) {
      const rows = await executor
        .select()
        .from(outbox)
        .where(sql`${outbox.createdAt} <= ${DATABASE_NOW_MS} - ${minAgeMs}::bigint`)
        .orderBy(asc(outbox.position))
        .limit(limit)
        .for('update', { skipLocked: true })
        .execute();
      return rows.map(toOutboxEvent);
    },
    async remove(ids) {
      if (ids.length > 0)
        await executor
          .delete(outbox)
          .where(sql`${outbox.id} = any(${uuidArray(ids)})`)
          .execute();
    },
  };
}

/** An id that is there already stands for the same event. */
export async function insertEvents(executor: Executor, events: readonly OutboxEvent[]): Promise<void> {
  if (events.length === 0) return;
  await executor
    .insert(outbox)
    .values(events.map((event) => ({ ...event, createdAt: DATABASE_NOW_MS })))
    .onConflictDoNothing({ target: outbox.id })
    .execute();
}

function toOutboxEvent(row: typeof outbox.$inferSelect): OutboxEvent {
  return { id: row.id, sessionId: row.sessionId, body: row.body, createdAt: row.createdAt };
}
