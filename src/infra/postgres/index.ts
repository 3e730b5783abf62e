export { DataDirectoryInUseError } from './data-directory-lock.ts';
export type { SqlDatabase } from './database.ts';
export {
  MIGRATIONS,
  type MigrationStatus,
  migrate,
  migrationPlan,
  migrationStatus,
  SchemaAheadError,
  type SchemaState,
  schemaState,
} from './migrate.ts';
export { createPostgresDatabase, type PostgresOptions } from './postgres-database.ts';
