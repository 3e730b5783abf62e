import { join } from 'node:path';
import { configError, EXIT, FatalError } from '#config/errors.ts';
import type { Config } from '#config/load.ts';
import { isDomainError } from '#domain/errors.ts';
import {
  createPostgresDatabase,
  DataDirectoryInUseError,
  migrate,
  SchemaAheadError,
  type SqlDatabase,
  schemaState,
} from '#infra/postgres/index.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import { pgliteAssets } from './assets.ts';
import { makeDataDirectory } from './data-directory.ts';

export function hasPostgres(config: Config): boolean {
  return config.database.url !== '' || config.database.host !== '';
}

export function requirePostgres(config: Config, command: string): void {
  if (hasPostgres(config)) return;
  throw configError(
    `${command} needs PostgreSQL: set database.url (or DATABASE_URL); \`crush serve\` needs neither PostgreSQL nor Redis`,
  );
}

/** PostgreSQL where it is configured, else PGlite in the data directory. Throws `FatalError` when out of reach. */
export async function openDatabase(config: Config, log: Log): Promise<SqlDatabase> {
  return hasPostgres(config) ? openPostgres(config, log) : openPglite(config);
}

async function openPostgres(config: Config, log: Log): Promise<SqlDatabase> {
  const { url, host, port, user, password, database, sslmode, max_open_conns } = config.database;
  const opened = createPostgresDatabase({
    ...(url ? { url } : { host, port, user, password, database }),
    sslmode,
    maxConnections: max_open_conns,
    log,
  });
  try {
    await opened.ping();
    return opened;
  } catch (error) {
    await opened.close();
    throw new FatalError(
      `cannot reach PostgreSQL at ${placeOf(config)}: ${reasonOf(error)}`,
      EXIT.unavailable,
      {
        cause: error,
      },
    );
  }
}

/** Address without credentials. */
function placeOf({ database }: Config): string {
  if (!database.url) return `${database.host}:${database.port} (database.host)`;
  try {
    const { host, pathname } = new URL(database.url);
    return `${host}${pathname} (database.url)`;
  } catch {
    return 'database.url';
  }
}

export function reasonOf(error: unknown): string {
  const cause = error instanceof Error && error.cause !== undefined ? error.cause : error;
  return errorMessage(cause).split('\n')[0] || 'no answer';
}

async function openPglite(config: Config): Promise<SqlDatabase> {
  makeDataDirectory(config.data_dir);
  const { createPgliteDatabase } = await import('#infra/postgres/engine/pglite-database.ts');
  try {
    return await createPgliteDatabase({
      dataDir: join(config.data_dir, 'pglite'),
      assetsDir: pgliteAssets(),
    });
  } catch (error) {
    if (error instanceof DataDirectoryInUseError) {
      throw new FatalError(
        `the data directory ${config.data_dir} is in use by ${error.holder}; stop it or choose another --data-dir`,
        EXIT.failure,
        { cause: error },
      );
    }
    throw new FatalError(`cannot open the database in ${config.data_dir}: ${reasonOf(error)}`, EXIT.failure, {
      cause: error,
    });
  }
}

export async function migrateOrExplain(database: SqlDatabase): Promise<string[]> {
  try {
    return await migrate(database);
  } catch (error) {
    if (error instanceof SchemaAheadError) throw aheadError(error);
    if (isDomainError(error, 'unavailable')) {
      throw new FatalError(`cannot migrate the database: ${reasonOf(error)}`, EXIT.unavailable, {
        cause: error,
      });
    }
    throw error;
  }
}

/** Servers run on exactly their own schema. */
export async function requireCurrentSchema(database: SqlDatabase): Promise<void> {
  const state = await schemaState(database);
  if (state === 'current') return;
  if (state === 'ahead') throw aheadError(null);
  throw new FatalError(
    state === 'empty'
      ? 'the database has no schema yet: run `crush migrate` first'
      : 'the database schema is older than this version: run `crush migrate` first',
  );
}

function aheadError(cause: unknown): FatalError {
  return new FatalError(
    'the database schema belongs to another version of crush: run that version, or restore a backup',
    EXIT.failure,
    { cause },
  );
}
