import { pgTable } from 'drizzle-orm/pg-core';
import { checkLength, id, moment, text } from './columns.ts';

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
