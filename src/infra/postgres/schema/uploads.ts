import { bigint, index, pgTable, unique } from 'drizzle-orm/pg-core';
import { checkBytes, checkLength, checkNotNegative, id, moment, text } from './columns.ts';
import { sessions } from './sessions.ts';
import { users } from './users.ts';

export const uploads = pgTable(
  'uploads',
  {
    id: id().primaryKey(),
    userId: id('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    /** The row outlives the session, so that its blob can still be found and removed. */
    sessionId: id('session_id').references(() => sessions.id, { onDelete: 'set null' }),
    key: text('key').notNull(),
    filename: text('filename').notNull(),
    mimeType: text('mime_type').notNull(),
    size: bigint('size', { mode: 'number' }).notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [
    unique('uploads_key_unique').on(table.key),
    index('uploads_user_index').on(table.userId),
    index('uploads_session_index').on(table.sessionId),
    checkBytes('uploads_key_length', table.key, 1024),
    checkLength('uploads_filename_length', table.filename, 255),
    checkNotNegative('uploads_size_check', table.size),
  ],
);
