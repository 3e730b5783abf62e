import type pg from 'pg';
import type { QueryArrayConfig, QueryConfig, QueryResult } from 'pg';

export interface Queryable {
  query(query: string | QueryConfig | QueryArrayConfig, values?: unknown[]): Promise<QueryResult>;
}

/** Statement texts are few, since lists travel as one parameter; this bounds what the server keeps if they are not. */
const MAX_STATEMENTS = 500;

/** Gives each statement text a name, the same on all connections; null once there are too many. */
export function createStatementNames(): (text: string) => string | null {
  const names = new Map<string, string>();
  return (text) => {
    const known = names.get(text);
    if (known !== undefined) return known;
    if (names.size >= MAX_STATEMENTS) return null;
    const name = `s${names.size}`;
    names.set(text, name);
    return name;
  };
}

/**
 * What drizzle talks to: prepares every statement, not only those which were given a name, and lets no lost
 * connection look like a bug.
 */
export function queryThrough(client: Queryable, names: (text: string) => string | null): pg.PoolClient {
  const through: Queryable = {
    query(query, values) {
      if (typeof query === 'string') return withCodes(client.query(query, values));
      const name = names(query.text);
      return withCodes(client.query({ ...query, name: name ?? undefined }, values));
    },
  };
  return through as pg.PoolClient;
}

/** pg reports lost connections by messages alone; here they get a code. */
export async function withCodes<T>(promise: Promise<T>): Promise<T> {
  try {
    return await promise;
  } catch (error) {
    if (error instanceof Error && !('code' in error && error.code)) {
      Object.assign(error, { code: 'CONNECTION_FAILED' });
    }
    throw error;
  }
}
