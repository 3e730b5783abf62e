import { type SQL, sql } from 'drizzle-orm';
import { type AnyPgColumn, boolean, index, pgTable } from 'drizzle-orm/pg-core';
import { ToolCallStatus } from '#domain/toolcall/index.ts';
import { checkOneOf, id, moment, text } from './columns.ts';
import { messages } from './messages.ts';
import { sessions } from './sessions.ts';
import { turns } from './turns.ts';

/** In literals, so that a prepared statement can use the partial index. */
export function isOpenToolCall(table: { status: AnyPgColumn }): SQL {
  return sql`${table.status} in ('pending', 'running', 'awaiting_permission')`;
}

export const toolCalls = pgTable(
  'tool_calls',
  {
    id: id().primaryKey(),
    sessionId: id('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    messageId: id('message_id').references(() => messages.id, { onDelete: 'set null' }),
    turnId: id('turn_id')
      .notNull()
      .references(() => turns.id, { onDelete: 'cascade' }),
    providerCallId: text('provider_call_id').notNull(),
    name: text('name').notNull(),
    input: text('input').notNull(),
    status: text('status').$type<ToolCallStatus>().notNull(),
    result: text('result'),
    isError: boolean('is_error').notNull(),
    errorMessage: text('error_message'),
    createdAt: moment('created_at').notNull(),
    updatedAt: moment('updated_at').notNull(),
    startedAt: moment('started_at'),
    finishedAt: moment('finished_at'),
  },
  (table) => [
    index('tool_calls_session_index').on(table.sessionId, table.createdAt, table.id),
    index('tool_calls_turn_index').on(table.turnId),
    index('tool_calls_message_index').on(table.messageId),
    index('tool_calls_open_index').on(table.sessionId).where(isOpenToolCall(table)),
    checkOneOf('tool_calls_status_check', table.status, ToolCallStatus.options),
  ],
);
