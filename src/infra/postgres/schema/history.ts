import { integer, pgTable, primaryKey, unique } from 'drizzle-orm/pg-core';
import { checkBytes, checkNotNegative, id, moment, text } from './columns.ts';
import { sessions } from './sessions.ts';

export const fileVersions = pgTable(
  'file_versions',
  {
    id: id().primaryKey(),
    sessionId: id('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    path: text('path').notNull(),
    content: text('content').notNull(),
    /** Bytes of the content. */
    size: integer('size').notNull().default(0),
    version: integer('version').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [
    unique('file_versions_version_unique').on(table.sessionId, table.path, table.version),
    checkBytes('file_versions_path_length', table.path, 2048),
    checkNotNegative('file_versions_version_check', table.version),
    checkNotNegative('file_versions_size_check', table.size),
  ],
);

export const fileReads = pgTable(
  'file_reads',
  {
    sessionId: id('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    path: text('path').notNull(),
    readAt: moment('read_at').notNull(),
    /** SHA-256 of what was read; null in rows of earlier releases, which count as unread. */
    digest: text('digest'),
  },
  (table) => [
    primaryKey({ name: 'file_reads_pkey', columns: [table.sessionId, table.path] }),
    checkBytes('file_reads_path_length', table.path, 2048),
  ],
);
