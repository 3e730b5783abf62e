import { getTableColumns, type SQL, sql } from 'drizzle-orm';
import type { PgTable } from 'drizzle-orm/pg-core';

type Values = Readonly<Record<string, unknown>>;
type Placeholders = Record<string, SQL>;

interface Query<R> {
  prepare(name: string): { execute(values: Record<string, unknown>): Promise<R> };
}

/** Of rows in one statement; a longer list is compiled each time. */
const MAX_KNOWN_ROWS = 8;

/**
 * Drizzle takes 0.1 to 0.2 ms to compile a statement, as long as Postgres takes to run it. Those of each step are
 * compiled once, for each set of values that they are given.
 */
export interface Statements {
  /** With parameters that `build` refers to as `sql.placeholder(name)`. */
  run<R>(name: string, parameters: Values, build: () => Query<R>): Promise<R>;
  /** `build` gets a placeholder for each value that is defined, and may refer to `parameters` besides. */
  change<R>(
    name: string,
    change: { table: PgTable; values: Values; parameters: Values },
    build: (set: Placeholders, has: (parameter: string) => boolean) => Query<R>,
  ): Promise<R>;
  /** `build` gets a placeholder for each column of each row; none is left out. */
  insert(
    name: string,
    insertion: { table: PgTable; rows: readonly Values[] },
    build: (rows: Placeholders[]) => Query<unknown>,
  ): Promise<void>;
}

export function createStatements(): Statements {
  const known = new Map<string, ReturnType<Query<unknown>['prepare']>>();

  async function execute<R>(key: string, values: Record<string, unknown>, build: () => Query<R>): Promise<R> {
    const statement = known.get(key) ?? build().prepare(key);
    known.set(key, statement);
    return (await statement.execute(values)) as R;
  }

  return {
    run: (name, parameters, build) => execute(name, { ...parameters }, build),
    change(name, { table, values, parameters }, build) {
      const columns = definedKeys(values);
      const given = definedKeys(parameters);
      const encoded: Record<string, unknown> = { ...parameters };
      for (const key of columns) encoded[`set.${key}`] = encode(table, key, values[key]);
      const set = () => Object.fromEntries(columns.map((key) => [key, slot(`set.${key}`)]));
      return execute(`${name}:${columns}:${given}`, encoded, () =>
        build(set(), (parameter) => given.includes(parameter)),
      );
    },
    async insert(name, { table, rows }, build) {
      if (rows.length === 0) return;
      const columns = Object.keys(getTableColumns(table)).filter((key) => rows[0] && key in rows[0]);
      const encoded: Record<string, unknown> = {};
      for (const [at, row] of rows.entries()) {
        for (const key of columns) encoded[`${at}.${key}`] = encode(table, key, row[key]);
      }
      const slots = () =>
        rows.map((_, at) => Object.fromEntries(columns.map((key) => [key, slot(`${at}.${key}`)])));
      const key = `${name}:${rows.length}:${columns}`;
      if (rows.length > MAX_KNOWN_ROWS) await build(slots()).prepare(key).execute(encoded);
      else await execute(key, encoded, () => build(slots()));
    },
  };
}

function definedKeys(values: Values): string[] {
  return Object.keys(values).filter((key) => values[key] !== undefined);
}

/** A placeholder that takes its value as it is: drizzle would hand a null to the column's encoder. */
function slot(name: string): SQL {
  return sql`${sql.placeholder(name)}`;
}

function encode(table: PgTable, key: string, value: unknown): unknown {
  if (value === null || value === undefined) return null;
  return getTableColumns(table)[key]?.mapToDriverValue(value);
}
