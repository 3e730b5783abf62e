export type { SqlDatabase } from './database.ts';
export { DataDirectoryInUseError } from './engine/data-directory-lock.ts';
export { createPostgresDatabase } from './engine/postgres-database.ts';
export {
  MIGRATIONS,
  migrate,
  migrationPlan,
  migrationStatus,
  SchemaAheadError,
  type SchemaState,
  schemaState,
} from './migrate.ts';
