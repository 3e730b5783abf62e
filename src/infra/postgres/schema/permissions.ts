import { type SQL, sql } from 'drizzle-orm';
import { type AnyPgColumn, index, pgTable, primaryKey } from 'drizzle-orm/pg-core';
import { PermissionStatus, WHOLE_DIRECTORY } from '#domain/permission/index.ts';
import { checkBytes, checkOneOf, id, json, moment, text } from './columns.ts';
import { sessions } from './sessions.ts';
import { toolCalls } from './tool-calls.ts';

/** In literals, so that a prepared statement can use the partial index. */
export function isPendingPermission(table: { status: AnyPgColumn }): SQL {
  return sql`${table.status} = 'pending'`;
}

export const permissionRequests = pgTable(
  'permission_requests',
  {
    id: id().primaryKey(),
    sessionId: id('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    /** Goes with its tool call, which has the foreign key. */
    turnId: id('turn_id').notNull(),
    toolCallId: id('tool_call_id')
      .notNull()
      .references(() => toolCalls.id, { onDelete: 'cascade' }),
    toolName: text('tool_name').notNull(),
    action: text('action').notNull(),
    description: text('description').notNull(),
    path: text('path').notNull(),
    params: json('params').notNull(),
    fingerprint: text('fingerprint').notNull(),
    status: text('status').$type<PermissionStatus>().notNull(),
    decidedBy: text('decided_by'),
    decidedAt: moment('decided_at'),
    expiresAt: moment('expires_at'),
    scopes: json('scopes').$type<string[]>().notNull().default([WHOLE_DIRECTORY]),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [
    index('permission_requests_session_index').on(table.sessionId, table.status),
    index('permission_requests_tool_call_index').on(table.toolCallId),
    index('permission_requests_expiry_index').on(table.expiresAt).where(isPendingPermission(table)),
    checkOneOf('permission_requests_status_check', table.status, PermissionStatus.options),
  ],
);

export const permissionGrants = pgTable(
  'permission_grants',
  {
    sessionId: id('session_id')
      .notNull()
      .references(() => sessions.id, { onDelete: 'cascade' }),
    toolName: text('tool_name').notNull(),
    action: text('action').notNull(),
    path: text('path').notNull(),
    scope: text('scope').notNull().default(WHOLE_DIRECTORY),
    grantedBy: text('granted_by').notNull(),
    createdAt: moment('created_at').notNull(),
  },
  (table) => [
    primaryKey({
      name: 'permission_grants_pkey',
      columns: [table.sessionId, table.toolName, table.action, table.path, table.scope],
    }),
    checkBytes('permission_grants_path_length', table.path, 2048),
  ],
);
