import { sql } from 'drizzle-orm';
import { type AnyPgColumn, bigint, type CheckBuilder, check, customType, uuid } from 'drizzle-orm/pg-core';
import { storableJson, storableText } from '../storable.ts';

/** Text from anywhere: what Postgres cannot hold is replaced on the way in. */
export const text = customType<{ data: string; driverData: string }>({
  dataType: () => 'text',
  toDriver: storableText,
});

/** Any JSON value; null inside a column that is not null is stored as JSON null. */
export const json = customType<{ data: unknown }>({
  dataType: () => 'jsonb',
  toDriver: storableJson,
});

/** Unix milliseconds. */
export const moment = (name: string) => bigint(name, { mode: 'number' });

export const id = (name = 'id') => uuid(name);

export function checkOneOf(name: string, column: AnyPgColumn, values: readonly string[]): CheckBuilder {
  const list = values.map((value) => `'${value}'`).join(', ');
  return check(name, sql`${column} in (${sql.raw(list)})`);
}

export function checkLength(name: string, column: AnyPgColumn, max: number, min = 0): CheckBuilder {
  return check(name, sql`char_length(${column}) between ${sql.raw(String(min))} and ${sql.raw(String(max))}`);
}

/** For text in an index, whose entries Postgres limits to about 2700 bytes. */
export function checkBytes(name: string, column: AnyPgColumn, max: number): CheckBuilder {
  return check(name, sql`octet_length(${column}) <= ${sql.raw(String(max))}`);
}

export function checkNotNegative(name: string, ...columns: AnyPgColumn[]): CheckBuilder {
  const terms = columns.map((column) => sql`${column} >= 0`);
  return check(name, sql.join(terms, sql` and `));
}
