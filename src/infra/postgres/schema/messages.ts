import { sql } from 'drizzle-orm';
import { boolean, index, integer, pgTable, unique } from 'drizzle-orm/pg-core';
import { type Message, type MessagePart, MessageRole } from '#domain/message/index.ts';
import { checkNotNegative, checkOneOf, id, json, moment, text } from './columns.ts';
import { sessions } from './sessions.ts';

export const messages = pgTable(
  'messages',
  {
    id: id().primaryKey(),
    sessionId: id('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    turnNumber: integer('turn_number').notNull(),
    index: integer('index').notNull(),
    role: text('role').$type<Message['role']>().notNull(),
    parts: json('parts').$type<MessagePart[]>().notNull(),
    /** Characters of the parts, about. */
    size: integer('size').notNull().default(0),
    model: text('model').notNull(),
    provider: text('provider').notNull(),
    isSummary: boolean('is_summary').notNull(),
    finishedAt: moment('finished_at'),
    appliedCursor: text('applied_cursor'),
    createdAt: moment('created_at').notNull(),
    updatedAt: moment('updated_at').notNull(),
  },
  (table) => [
    unique('messages_position_unique').on(table.sessionId, table.turnNumber, table.index),
    index('messages_unfinished_index').on(table.sessionId).where(sql`${table.finishedAt} is null`),
    checkOneOf('messages_role_check', table.role, MessageRole.options),
    checkNotNegative('messages_position_check', table.turnNumber, table.index),
    checkNotNegative('messages_size_check', table.size),
  ],
);
