import { and, asc, eq, type SQL } from 'drizzle-orm';
import { notFound } from '#domain/errors.ts';
import type { ToolCall, ToolCallRepository } from '#domain/toolcall/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { isOpenToolCall, toolCalls } from '../../schema/index.ts';

export function createToolCallRepository({ executor }: RepositoryDeps): ToolCallRepository {
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
      if (calls.length > 0) await executor.insert(toolCalls).values(calls).execute();
    },
    async get(id) {
      const [row] = await executor.select().from(toolCalls).where(eq(toolCalls.id, id)).execute();
      return row ? toToolCall(row) : null;
    },
    async update(id, change, now) {
      const [row] = await executor
        .update(toolCalls)
        .set({
          status: change.status,
          input: change.input,
          result: change.result,
          isError: change.isError,
          errorMessage: change.errorMessage,
          startedAt: change.startedAt,
          finishedAt: change.finishedAt,
          messageId: change.messageId,
          updatedAt: now,
        })
        .where(eq(toolCalls.id, id))
        .returning({ id: toolCalls.id })
        .execute();
      if (!row) throw notFound('Tool call');
    },
    list: (sessionId) => inOrder(eq(toolCalls.sessionId, sessionId)),
    listOpen: (sessionId) => inOrder(and(eq(toolCalls.sessionId, sessionId), isOpenToolCall(toolCalls))),
    listByTurn: (turnId) => inOrder(eq(toolCalls.turnId, turnId)),
  };
}

function toToolCall(row: typeof toolCalls.$inferSelect): ToolCall {
  return row;
}
