import {
  messages,
  type PGlite,
  parse,
  protocol,
  type QueryOptions,
  type Results,
} from '@electric-sql/pglite';
import { LRUCache } from 'lru-cache';

export interface PgliteClient {
  /** One statement. All run in the order in which they are given, also when nobody waits in between. */
  query(text: string, values?: unknown[], options?: QueryOptions): Promise<Results>;
}

interface Statement {
  name: string;
  /** The names and types of its columns. */
  description: messages.BackendMessage[];
}

/** A statement with a list of values in its text is another one for each length. */
const MAX_STATEMENTS = 200;
const { serialize } = protocol;
const EXECUTE_AND_SYNC = [serialize.execute({}), serialize.sync()];

/**
 * PGlite's own `query` parses, plans and describes each statement anew, in six calls. Here a statement is prepared
 * when it is first met, and each run is one call.
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
      const received = await send(pglite, [...parts, bind, ...EXECUTE_AND_SYNC]);
      if (!known && received.some((message) => message.name === 'parseComplete')) {
        statements.set(text, {
          name,
          description: received.filter((message) => message.name === 'rowDescription'),
        });
      }
      const failure = received.find((message) => message instanceof messages.DatabaseError);
      if (failure) throw failure;
      const [result] = parse.parseResults(
        [...(known?.description ?? []), ...received],
        pglite.parsers,
        options,
      );
      return result ?? { rows: [], fields: [] };
    },
  };
}

/** Drizzle has made numbers, booleans or text of all values. */
function textOf(value: unknown): string | null {
  return value === null || value === undefined ? null : String(value);
}

/** Postgres has done its work when this returns; the promise is for its failure. */
async function send(pglite: PGlite, parts: readonly Uint8Array[]): Promise<messages.BackendMessage[]> {
  const parser = new protocol.Parser();
  const received: messages.BackendMessage[] = [];
  await pglite.execProtocolRawStream(Buffer.concat(parts), {
    syncToFs: false,
    onRawData: (bytes) => parser.parse(bytes, (message) => received.push(message)),
  });
  return received;
}
