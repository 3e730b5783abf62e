import { bigint, integer, pgTable, primaryKey } from 'drizzle-orm/pg-core';
import { checkNotNegative, id } from './columns.ts';
import { users } from './users.ts';

/** What each user has taken of the operator's models. */
export const userTokens = pgTable(
  'user_tokens',
  {
    userId: id('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** Days since 1970-01-01, UTC. */
    day: integer('day').notNull(),
    tokens: bigint('tokens', { mode: 'number' }).notNull(),
  },
  (table) => [
    primaryKey({ name: 'user_tokens_pkey', columns: [table.userId, table.day] }),
    checkNotNegative('user_tokens_check', table.tokens),
  ],
);
