import { bigint, pgTable, unique } from 'drizzle-orm/pg-core';
import { id, moment, text } from './columns.ts';

/** Short-lived rows, so no foreign key and no index on the session. */
export const outbox = pgTable(
  'outbox',
  {
    /** Order of insertion: an id may be older than its event. */
    position: bigint('position', { mode: 'number' }).primaryKey().generatedAlwaysAsIdentity(),
    id: id().notNull(),
    sessionId: id('session_id').notNull(),
    body: text('body').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [unique('outbox_id_unique').on(table.id)],
);
