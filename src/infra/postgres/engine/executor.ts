import { type SQL, sql } from 'drizzle-orm';
import type { PgDatabase, PgQueryResultHKT } from 'drizzle-orm/pg-core';

/** What the repositories write their statements against: a pool, one connection, or a transaction of either driver. */
export type Executor = PgDatabase<PgQueryResultHKT, Record<string, never>>;

export interface RepositoryDeps {
  executor: Executor;
  /** Runs several statements as one: in the transaction at hand, or in one of their own. */
  atomically<T>(run: (executor: Executor) => Promise<T>): Promise<T>;
}

/** Now, by the clock that all processes share. */
export const DATABASE_NOW_MS: SQL<number> = sql<number>`(extract(epoch from clock_timestamp()) * 1000)::bigint`;

/** `column = any(ids)` with one parameter whatever the number of ids, so that the statement is prepared once. */
export function uuidArray(ids: readonly string[]): SQL {
  return sql`${`{${ids.join(',')}}`}::text::uuid[]`;
}

/** Makes the value at the first call. */
export function lazy<T>(create: () => T): () => T {
  let made: { value: T } | undefined;
  return () => {
    made ??= { value: create() };
    return made.value;
  };
}
