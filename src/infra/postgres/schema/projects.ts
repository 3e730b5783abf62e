import { sql } from 'drizzle-orm';
import { boolean, check, index, integer, pgTable, uniqueIndex } from 'drizzle-orm/pg-core';
import type { Project } from '#domain/project/index.ts';
import { checkLength, id, moment, text } from './columns.ts';
import { users } from './users.ts';

export const projects = pgTable(
  'projects',
  {
    id: id().primaryKey(),
    userId: id('user_id')
      .notNull()
      .references(() => users.id, { onDelete: 'cascade' }),
    name: text('name').notNull(),
    description: text('description').notNull(),
    externalIp: text('external_ip'),
    frontendPort: integer('frontend_port'),
    backendPort: integer('backend_port'),
    frontendLanguage: text('frontend_language'),
    backendLanguage: text('backend_language').$type<NonNullable<Project['backendLanguage']>>(),
    frontendCommand: text('frontend_command'),
    backendCommand: text('backend_command'),
    needDatabase: boolean('need_database').notNull(),
    subdomain: text('subdomain'),
    workspacePath: text('workspace_path').notNull(),
    /** Claimed: no other is at, above or below (`projects_workspace_claim`, a constraint that only SQL can say). */
    workspaceRoot: text('workspace_root'),
    createdAt: moment('created_at').notNull(),
    updatedAt: moment('updated_at').notNull(),
    deletingSince: moment('deleting_since'),
  },
  (table) => [
    uniqueIndex('projects_subdomain_unique')
      .on(sql`lower(${table.subdomain})`)
      .where(sql`${table.subdomain} not like '%.%'`),
    index('projects_user_index').on(table.userId, table.createdAt, table.id),
    checkLength('projects_name_length', table.name, 1024, 1),
    check(
      'projects_port_range',
      sql`${table.frontendPort} between 0 and 65535 and ${table.backendPort} between 0 and 65535`,
    ),
  ],
);

/** No reference to the project: the workspace is made before its row and removed before it. */
export const projectPlacements = pgTable(
  'project_placements',
  {
    projectId: id('project_id').primaryKey(),
    host: text('host').notNull(),
    placedAt: moment('placed_at').notNull(),
  },
  (table) => [checkLength('project_placements_host_length', table.host, 2048, 1)],
);
