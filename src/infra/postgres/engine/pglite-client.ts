import {
  messages,
  type PGlite,
  protocol,
  type QueryOptions,
  type Results,
  types,
} from '@electric-sql/pglite';
import { LRUCache } from 'lru-cache';
import { type Answer, type Column, readAnswer } from './backend-messages.ts';

export interface PgliteClient {
  /** One statement. All run in the order in which they are given, also when nobody waits in between. */
  query(text: string, values?: unknown[], options?: QueryOptions): Promise<Results>;
}

interface Statement {
  name: string;
  columns: Column[];
}

type Value = (text: string) => unknown;

/** A statement with a list of values in its text is another one for each length. */
const MAX_STATEMENTS = 200;
const { serialize } = protocol;
const EXECUTE_AND_SYNC = [serialize.execute({}), serialize.sync()];

/** Drizzle knows what to make of all other types' text. */
const VALUES: Record<number, Value> = {
  [types.BOOL]: (text) => text === 't',
  [types.INT2]: Number,
  [types.INT4]: Number,
  [types.INT8]: Number,
  [types.FLOAT8]: Number,
  [types.JSON]: JSON.parse,
  [types.JSONB]: JSON.parse,
};

/**
 * PGlite's own `query` parses, plans and describes each statement anew, in six calls, and reads its answer byte by
 * byte. Here a statement is prepared when it is first met, and each run is one call.
 */
export function createPgliteClient(pglite: PGlite): PgliteClient {
  const dropped: string[] = [];
  let lastNumber = 0;
  const statements = new LRUCache<string, Statement>({
    max: MAX_STATEMENTS,
    dispose: ({ name }) => dropped.push(name),
  });

  function prepare(text: string): { name: string; parts: Uint8Array[] } {
    lastNumber += 1;
    const name = `s${lastNumber}`;
    const closed = dropped.splice(0).map((old) => serialize.close({ type: 'S', name: old }));
    return {
      name,
      parts: [...closed, serialize.parse({ name, text }), serialize.describe({ type: 'S', name })],
    };
  }

  return {
    async query(text, values = [], options) {
      const known = statements.get(text);
      const { name, parts } = known ? { name: known.name, parts: [] } : prepare(text);
      const bind = serialize.bind({ statement: name, values: values.map(textOf) });
      const answer = await send(pglite, [...parts, bind, ...EXECUTE_AND_SYNC]);
      const statement = known ?? { name, columns: answer.columns ?? [] };
      if (!known && answer.parsed) statements.set(text, statement);
      if (answer.error) throw errorOf(answer.error);
      return resultsOf(answer, statement.columns, options);
    },
  };
}

/** Drizzle has made numbers, booleans or text of all values. */
function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** Postgres has done its work when this returns; the promise is for its failure. */
async function send(pglite: PGlite, parts: readonly Uint8Array[]): Promise<Answer> {
  const received: Uint8Array[] = [];
  await pglite.execProtocolRawStream(Buffer.concat(parts), {
    syncToFs: false,
    // The bytes lie in Postgres' memory and are overwritten by the next ones.
    onRawData: (bytes) => received.push(bytes.slice()),
  });
  return readAnswer(Buffer.concat(received));
}

function resultsOf(answer: Answer, columns: readonly Column[], options?: QueryOptions): Results {
  const readers = columns.map(({ type }) => VALUES[type]);
  const read = (text: string | null, index: number) => {
    const reader = readers[index];
    return text === null || !reader ? text : reader(text);
  };
  const toObject = (row: Array<string | null>) =>
    Object.fromEntries(row.map((text, index) => [columns[index]?.name, read(text, index)]));
  return {
    rows: answer.rows.map(options?.rowMode === 'array' ? (row) => row.map(read) : toObject),
    fields: columns.map(({ name, type }) => ({ name, dataTypeID: type })),
    command: answer.tag.split(' ')[0],
  };
}

/** PGlite's class, with the fields that Postgres sends. */
function errorOf(bytes: Buffer): Error {
  let error = new Error('Postgres has failed');
  new protocol.Parser().parse(bytes, (message) => {
    if (message instanceof messages.DatabaseError) error = message;
  });
  return error;
}
