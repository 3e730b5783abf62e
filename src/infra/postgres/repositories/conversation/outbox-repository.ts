import { asc, sql } from 'drizzle-orm';
import type { OutboxEvent, OutboxRepository } from '#domain/events/index.ts';
import { DATABASE_NOW_MS, type Executor, type RepositoryDeps, uuidArray } from '../../engine/executor.ts';
import { createStatements } from '../../engine/statements.ts';
import { outbox } from '../../schema/index.ts';

export function createOutboxRepository({ executor }: RepositoryDeps): OutboxRepository {
  const insertEvents = createEventWriter(executor);
  return {
    add: (event) => insertEvents([event]),
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
export function createEventWriter(executor: Executor): (events: readonly OutboxEvent[]) => Promise<void> {
  const statements = createStatements();
  return async (events) => {
    const given = events.map(({ id, sessionId, body }) => ({ id, sessionId, body }));
    await statements.insert('events', { table: outbox, rows: given }, (rows) =>
      executor
        .insert(outbox)
        .values(rows.map((row) => ({ ...row, createdAt: DATABASE_NOW_MS })) as never)
        .onConflictDoNothing({ target: outbox.id }),
    );
  };
}

function toOutboxEvent(row: typeof outbox.$inferSelect): OutboxEvent {
  return { id: row.id, sessionId: row.sessionId, body: row.body, createdAt: row.createdAt };
}
