export { DataDirectoryInUseError } from './data-directory-lock.ts';
export type { SqlDatabase } from './database.ts';
export {
  MIGRATIONS,
  migrate,
  migrationPlan,
  migrationStatus,
  SchemaAheadError,
  type SchemaState,
  schemaState,
} from './migrate.ts';
export { createPostgresDatabase } from './postgres-database.ts';
