import { and, asc, desc, eq, getTableColumns, lte, or, type SQL, sql } from 'drizzle-orm';
import { notFound } from '#domain/errors.ts';
import type { ToolCall, ToolCallRepository } from '#domain/toolcall/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { createStatements } from '../../engine/statements.ts';
import { isOpenToolCall, toolCalls } from '../../schema/index.ts';

export function createToolCallRepository({ executor }: RepositoryDeps): ToolCallRepository {
  const statements = createStatements();
  const inOrder = async (where: SQL | undefined) => {
    const rows = await executor
      .select()
      .from(toolCalls)
      .where(where)
      .orderBy(asc(toolCalls.createdAt), asc(toolCalls.id))
      .execute();
    return rows.map(toToolCall);
  };

  return {
    async insertMany(calls) {
      await statements.insert('calls', { table: toolCalls, rows: calls.map((row) => ({ ...row })) }, (rows) =>
        executor.insert(toolCalls).values(rows as never),
      );
    },
    async get(id) {
      const [row] = await executor.select().from(toolCalls).where(eq(toolCalls.id, id)).execute();
      return row ? toToolCall(row) : null;
    },
    async update(id, change, now) {
      const values = {
        status: change.status,
        input: change.input,
        result: change.result,
        isError: change.isError,
        errorMessage: change.errorMessage,
        startedAt: change.startedAt,
        finishedAt: change.finishedAt,
        messageId: change.messageId,
        updatedAt: now,
      };
      const [row] = await statements.change('call', { table: toolCalls, values, parameters: { id } }, (set) =>
        executor
          .update(toolCalls)
          .set(set)
          .where(eq(toolCalls.id, sql.placeholder('id')))
          .returning({ id: toolCalls.id }),
      );
      if (!row) throw notFound('Tool call');
    },
    list: (sessionId) => inOrder(eq(toolCalls.sessionId, sessionId)),
    async page(sessionId, { limit, maxBytes, before }) {
      const { id, createdAt, input, result } = toolCalls;
      const newestFirst = sql`order by ${createdAt} desc, ${id} desc`;
      const bytes = sql`octet_length(${input}) + 2 * octet_length(coalesce(${result}, ''))`;
      const sizes = executor.$with('sizes').as(
        executor
          .select({
            id,
            total: sql<number>`sum(${bytes}) over (${newestFirst})`.as('total'),
            place: sql<number>`row_number() over (${newestFirst})`.as('place'),
          })
          .from(toolCalls)
          .where(
            and(
              eq(toolCalls.sessionId, sessionId),
              before === undefined
                ? undefined
                : sql`(${createdAt}, ${id}) < (select c.created_at, c.id from ${toolCalls} c
                    where c.id = ${before} and c.session_id = ${sessionId})`,
            ),
          )
          .orderBy(desc(createdAt), desc(id))
          .limit(limit + 1),
      );
      const rows = await executor
        .with(sizes)
        .select({
          ...getTableColumns(toolCalls),
          count: sql<number>`(select count(*) from sizes)`.mapWith(Number),
        })
        .from(toolCalls)
        .innerJoin(sizes, eq(sizes.id, id))
        .where(and(lte(sizes.place, limit), or(lte(sizes.total, maxBytes), eq(sizes.place, 1))))
        .orderBy(asc(createdAt), asc(id))
        .execute();
      const calls = rows.map(({ count: _, ...row }) => toToolCall(row));
      return { calls, more: calls.length < (rows[0]?.count ?? 0) };
    },
    listOpen: (sessionId) => inOrder(and(eq(toolCalls.sessionId, sessionId), isOpenToolCall(toolCalls))),
    listByTurn: (turnId) => inOrder(eq(toolCalls.turnId, turnId)),
  };
}

function toToolCall(row: typeof toolCalls.$inferSelect): ToolCall {
  return row;
}
