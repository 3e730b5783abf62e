import { sql } from 'drizzle-orm';
import {
  type AnyPgColumn,
  bigint,
  boolean,
  doublePrecision,
  index,
  integer,
  pgTable,
} from 'drizzle-orm/pg-core';
import type { SessionModelConfig, Todo } from '#domain/session/index.ts';
import { checkLength, checkNotNegative, id, json, moment, text } from './columns.ts';
import { projects } from './projects.ts';
import { users } from './users.ts';

export const sessions = pgTable(
  'sessions',
  {
    id: id().primaryKey(),
    projectId: id('project_id')
      .notNull()
      .references(() => projects.id, { onDelete: 'cascade' }),
    userId: id('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    parentSessionId: id('parent_session_id').references((): AnyPgColumn => sessions.id, {
      onDelete: 'cascade',
    }),
    title: text('title').notNull(),
    messageCount: integer('message_count').notNull(),
    /** Characters of its messages and of what its files were, about. */
    storedChars: bigint('stored_chars', { mode: 'number' }).notNull().default(0),
    promptTokens: bigint('prompt_tokens', { mode: 'number' }).notNull(),
    completionTokens: bigint('completion_tokens', { mode: 'number' }).notNull(),
    cost: doublePrecision('cost').notNull(),
    contextWindow: integer('context_window').notNull(),
    /** No foreign key: it would scan this table for each message that is deleted. */
    summaryMessageId: id('summary_message_id'),
    todos: json('todos').$type<Todo[]>().notNull(),
    createdAt: moment('created_at').notNull(),
    updatedAt: moment('updated_at').notNull(),
    deletingSince: moment('deleting_since'),
  },
  (table) => [
    index('sessions_project_index').on(table.projectId, table.createdAt, table.id),
    index('sessions_user_index').on(table.userId),
    index('sessions_parent_index').on(table.parentSessionId).where(sql`${table.parentSessionId} is not null`),
    checkLength('sessions_title_length', table.title, 1024),
    checkNotNegative(
      'sessions_counters',
      table.messageCount,
      table.storedChars,
      table.promptTokens,
      table.completionTokens,
      table.cost,
      table.contextWindow,
    ),
  ],
);

export const sessionModelConfigs = pgTable('session_model_configs', {
  sessionId: id('session_id')
    .primaryKey()
    .references(() => sessions.id, { onDelete: 'cascade' }),
  provider: text('provider').notNull(),
  model: text('model').notNull(),
  apiKeySealed: text('api_key_sealed'),
  apiKeyHint: text('api_key_hint'),
  baseUrl: text('base_url'),
  maxTokens: integer('max_tokens'),
  temperature: doublePrecision('temperature'),
  topP: doublePrecision('top_p'),
  reasoningEffort: text('reasoning_effort').$type<NonNullable<SessionModelConfig['reasoningEffort']>>(),
  isAuto: boolean('is_auto').notNull(),
  updatedAt: moment('updated_at').notNull(),
});
