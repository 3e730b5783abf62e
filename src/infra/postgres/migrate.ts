import { z } from 'zod';
import type { RawSql, SqlDatabase } from './database.ts';
import embedded from './migrations.json' with { type: 'json' };

/** One file of `drizzle/`, embedded by `npm run db:generate`. */
export interface Migration {
  name: string;
  /** SHA-256 of the SQL. */
  hash: string;
  sql: string;
}

export const MIGRATIONS: readonly Migration[] = embedded;

export interface MigrationStatus {
  /** Names, oldest first. */
  applied: string[];
  pending: string[];
  /** Applied, but not known to this version, or known with other contents. */
  unknown: string[];
}

/** `ahead`: another version of the program made it; nothing may be run or migrated on it. */
export type SchemaState = 'empty' | 'behind' | 'current' | 'ahead';

export class SchemaAheadError extends Error {
  constructor(unknown: readonly string[]) {
    super(`The database has migrations that this version does not know: ${unknown.join(', ')}`);
    this.name = 'SchemaAheadError';
  }
}

const AppliedRow = z.object({ name: z.string(), hash: z.string() });
const TABLE = 'crush_migrations';

export function schemaStateOf(status: MigrationStatus): SchemaState {
  if (status.unknown.length > 0) return 'ahead';
  if (status.pending.length === 0) return 'current';
  return status.applied.length === 0 ? 'empty' : 'behind';
}

export async function schemaState(database: SqlDatabase, known = MIGRATIONS): Promise<SchemaState> {
  return schemaStateOf(await migrationStatus(database, known));
}

export function migrationStatus(database: SqlDatabase, known = MIGRATIONS): Promise<MigrationStatus> {
  return database.exclusively((raw) => readStatus(raw, known));
}

/**
 * Applies what is pending, in one transaction, and returns the names. Of several processes that migrate at once
 * one does it. Throws SchemaAheadError without changing anything.
 */
export function migrate(database: SqlDatabase, known = MIGRATIONS): Promise<string[]> {
  return database.exclusively(async (raw) => {
    const status = await readStatus(raw, known);
    if (status.unknown.length > 0) throw new SchemaAheadError(status.unknown);
    if (status.pending.length === 0) return [];
    await raw.query(
      `create table if not exists ${TABLE} (name text primary key, hash text not null, applied_at timestamptz not null)`,
    );
    for (const migration of pendingOf(status, known)) {
      await raw.query(migration.sql);
      await raw.query(
        `insert into ${TABLE} values (${literal(migration.name)}, ${literal(migration.hash)}, clock_timestamp())`,
      );
    }
    return status.pending;
  });
}

/** What `migrate` would run, as one SQL text; empty when nothing is pending. */
export async function migrationPlan(database: SqlDatabase, known = MIGRATIONS): Promise<string> {
  const status = await migrationStatus(database, known);
  return pendingOf(status, known)
    .map(({ name, sql }) => `-- ${name}\n${sql}\n`)
    .join('\n');
}

async function readStatus(raw: RawSql, known: readonly Migration[]): Promise<MigrationStatus> {
  const [table] = await raw.query(`select to_regclass('${TABLE}') is not null as present`);
  const rows = table?.present ? await raw.query(`select name, hash from ${TABLE} order by name`) : [];
  const applied = AppliedRow.array().parse(rows);
  const appliedNames = new Set(applied.map(({ name }) => name));
  const hashes = new Map(known.map(({ name, hash }) => [name, hash]));
  return {
    applied: applied.map(({ name }) => name),
    pending: known.map(({ name }) => name).filter((name) => !appliedNames.has(name)),
    unknown: applied.filter(({ name, hash }) => hashes.get(name) !== hash).map(({ name }) => name),
  };
}

function pendingOf(status: MigrationStatus, known: readonly Migration[]): Migration[] {
  return known.filter(({ name }) => status.pending.includes(name));
}

function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}
