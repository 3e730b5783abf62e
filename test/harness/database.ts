import { randomBytes } from 'node:crypto';
import postgres from 'postgres';
import { silentLog } from '#shared/log.ts';
import { createPgliteDatabase } from '../../src/infra/postgres/engine/pglite-database.ts';
import { createPostgresDatabase } from '../../src/infra/postgres/engine/postgres-database.ts';
import { migrate, type SqlDatabase } from '../../src/infra/postgres/index.ts';
import { cachedPgliteTemplate } from './pglite-template.ts';

export type DatabaseKind = 'postgres' | 'pglite';
export const DATABASE_KINDS: readonly DatabaseKind[] = ['postgres', 'pglite'];

const TEMPLATE = 'crush_template';
const MAX_CONNECTIONS = 25;

/** Run once per cluster: copies of this database are made in milliseconds. */
export async function migrateTemplate(postgresUrl: string): Promise<void> {
  await administer(postgresUrl, `create database ${TEMPLATE}`);
  const database = openPostgres(withDatabase(postgresUrl, TEMPLATE));
  try {
    await migrate(database);
  } finally {
    await database.close();
  }
}

/** `empty`: without a schema. */
export async function createPostgresTestDatabase(
  postgresUrl: string,
  options: { empty?: boolean } = {},
): Promise<SqlDatabase & { url: string }> {
  const name = `test_${randomBytes(8).toString('hex')}`;
  await administer(postgresUrl, `create database ${name} template ${options.empty ? 'template0' : TEMPLATE}`);
  const url = withDatabase(postgresUrl, name);
  const database = openPostgres(url);
  let closing: Promise<void> | undefined;
  const close = async () => {
    await database.close();
    await administer(postgresUrl, `drop database ${name} with (force)`);
  };
  return {
    ...database,
    url,
    close() {
      closing ??= close();
      return closing;
    },
  };
}

export async function createPgliteTestDatabase(): Promise<SqlDatabase> {
  const database = await createPgliteDatabase({
    dataDir: 'memory',
    template: await cachedPgliteTemplate(),
  });
  await migrate(database);
  return database;
}

/** A migrated database of its own. */
export function createTestDatabase(kind: DatabaseKind, postgresUrl: string): Promise<SqlDatabase> {
  return kind === 'postgres' ? createPostgresTestDatabase(postgresUrl) : createPgliteTestDatabase();
}

function openPostgres(url: string): SqlDatabase {
  return createPostgresDatabase({ url, sslmode: 'disable', maxConnections: MAX_CONNECTIONS, log: silentLog });
}

async function administer(url: string, statement: string): Promise<void> {
  const client = postgres(url, { max: 1, onnotice: () => {} });
  try {
    await client.unsafe(statement);
  } finally {
    await client.end();
  }
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}
