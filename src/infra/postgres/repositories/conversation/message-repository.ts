import { and, asc, desc, eq, getTableColumns, isNull, lte, max, or, type SQL, sql } from 'drizzle-orm';
import { notFound } from '#domain/errors.ts';
import { type Message, type MessageRepository, sizeOfParts } from '#domain/message/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { createStatements } from '../../engine/statements.ts';
import { messages, sessions } from '../../schema/index.ts';

const POSITION = sql`(${messages.turnNumber}, ${messages.index})`;
const IN_ORDER = [asc(messages.turnNumber), asc(messages.index)];

export function createMessageRepository({ executor }: RepositoryDeps): MessageRepository {
  const statements = createStatements();
  const inOrder = (where: SQL | undefined) =>
    executor
      .select()
      .from(messages)
      .where(where)
      .orderBy(...IN_ORDER)
      .execute();

  return {
    async insert(message) {
      await executor.insert(messages).values(sized(message)).execute();
    },
    async insertMany(given) {
      await statements.insert('messages', { table: messages, rows: given.map(sized) }, (rows) =>
        executor.insert(messages).values(rows as never),
      );
    },
    async get(id) {
      const [row] = await executor.select().from(messages).where(eq(messages.id, id)).execute();
      return row ? toMessage(row) : null;
    },
    async list(sessionId, { limit, before } = {}) {
      const where = and(
        eq(messages.sessionId, sessionId),
        before === undefined ? undefined : sql`${POSITION} < ${positionOf(sessionId, before)}`,
      );
      if (limit === undefined) return (await inOrder(where)).map(toMessage);
      const newestFirst = await executor
        .select()
        .from(messages)
        .where(where)
        .orderBy(desc(messages.turnNumber), desc(messages.index))
        .limit(limit)
        .execute();
      return newestFirst.reverse().map(toMessage);
    },
    async page(sessionId, { limit, maxChars, before }) {
      const newestFirst = [desc(messages.turnNumber), desc(messages.index)];
      const sizes = executor.$with('sizes').as(
        executor
          .select({
            id: messages.id,
            total:
              sql<number>`sum(${messages.size}) over (order by ${messages.turnNumber} desc, ${messages.index} desc)`.as(
                'total',
              ),
            place:
              sql<number>`row_number() over (order by ${messages.turnNumber} desc, ${messages.index} desc)`
                .mapWith(Number)
                .as('place'),
          })
          .from(messages)
          .where(
            and(
              eq(messages.sessionId, sessionId),
              before === undefined ? undefined : sql`${POSITION} < ${positionOf(sessionId, before)}`,
            ),
          )
          .orderBy(...newestFirst)
          .limit(limit + 1),
      );
      const rows = await executor
        .with(sizes)
        .select({
          ...getTableColumns(messages),
          count: sql<number>`(select count(*) from sizes)`.mapWith(Number),
        })
        .from(messages)
        .innerJoin(sizes, eq(sizes.id, messages.id))
        .where(and(lte(sizes.place, limit), or(lte(sizes.total, maxChars), eq(sizes.place, 1))))
        .orderBy(...IN_ORDER)
        .execute();
      return {
        messages: rows.map(({ count: _, ...row }) => toMessage(row)),
        more: rows.length < (rows[0]?.count ?? 0),
      };
    },
    async listForTurn(sessionId, turnNumber) {
      const rows = await inOrder(
        and(
          eq(messages.sessionId, sessionId),
          lte(messages.turnNumber, turnNumber),
          sql`${POSITION} >= ${summaryOrStart(sessionId)}`,
        ),
      );
      return rows.map(toMessage);
    },
    async listUnfinished(sessionId) {
      const rows = await inOrder(and(eq(messages.sessionId, sessionId), isNull(messages.finishedAt)));
      return rows.map(toMessage);
    },
    async setParts(id, { parts, appliedCursor, finishedAt, isSummary, now }) {
      const values = {
        parts,
        size: sizeOfParts(parts),
        appliedCursor,
        finishedAt,
        isSummary,
        updatedAt: now,
      };
      const change = { table: messages, values, parameters: { id } };
      const [row] = await statements.change('message', change, (set) =>
        executor
          .update(messages)
          .set(set)
          .where(eq(messages.id, sql.placeholder('id')))
          .returning({ id: messages.id }),
      );
      if (!row) throw notFound('Message');
    },
    async nextIndex(sessionId, turnNumber) {
      const [row] = await executor
        .select({ last: max(messages.index) })
        .from(messages)
        .where(and(eq(messages.sessionId, sessionId), eq(messages.turnNumber, turnNumber)))
        .execute();
      return (row?.last ?? -1) + 1;
    },
    async delete(id) {
      await executor.delete(messages).where(eq(messages.id, id)).execute();
    },
  };
}

function positionOf(sessionId: string, id: string): SQL {
  return sql`(select m.turn_number, m.index from ${messages} m where m.id = ${id} and m.session_id = ${sessionId})`;
}

/** The position of the session's summary; its beginning when there is none or it is gone. */
function summaryOrStart(sessionId: string): SQL {
  const part = (column: 'turn_number' | 'index') =>
    sql`coalesce((select m.${sql.identifier(column)} from ${sessions} s join ${messages} m
      on m.id = s.summary_message_id and m.session_id = s.id where s.id = ${sessionId}), 0)`;
  return sql`(${part('turn_number')}, ${part('index')})`;
}

function sized(message: Message) {
  return { ...message, size: sizeOfParts(message.parts) };
}

function toMessage({ size: _, ...row }: typeof messages.$inferSelect): Message {
  return row;
}
