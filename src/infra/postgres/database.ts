import type { Database, Repositories } from '#domain/context.ts';
import type { OutboxEvent } from '#domain/events/index.ts';
import type { Lease } from '#domain/turn/index.ts';
import type { Executor } from './engine/executor.ts';
import { translateError } from './errors.ts';
import { createEventWriter } from './repositories/conversation/outbox-repository.ts';
import { type Around, createRepositories, guardRepositories } from './repositories/index.ts';

/** Plain SQL for migrations: the text may hold several statements. */
export interface RawSql {
  query(text: string): Promise<Record<string, unknown>[]>;
}

/** A database together with what its operator needs. */
export interface SqlDatabase extends Database {
  /** One connection in one transaction, under a lock that keeps other migrators out. */
  exclusively<T>(run: (raw: RawSql) => Promise<T>): Promise<T>;
}

export interface Engine {
  executor: Executor;
  transaction<T>(run: (executor: Executor) => Promise<T>): Promise<T>;
  /** Lets one statement or transaction through: at once, or when the single connection is free. */
  admit: Around;
  exclusively: SqlDatabase['exclusively'];
  ping(): Promise<void>;
  close(): Promise<void>;
}

/** What a connection keeps for its transactions. */
interface Inside {
  repositories: Repositories;
  insertEvents: ReturnType<typeof createEventWriter>;
}

export function createDatabase(engine: Engine): SqlDatabase {
  const outside = createRepositories({ executor: engine.executor, atomically: engine.transaction });
  const inside = new WeakMap<Executor, Inside>();
  let closing: Promise<void> | undefined;

  function insideOf(executor: Executor): Inside {
    const known = inside.get(executor);
    if (known) return known;
    const made = {
      repositories: createRepositories({ executor, atomically: (run) => run(executor) }),
      insertEvents: createEventWriter(executor),
    };
    inside.set(executor, made);
    return made;
  }

  return {
    repositories: guardRepositories(outside, (call) => engine.admit(() => translated(call))),
    transaction: (run, lease) =>
      engine.admit(() =>
        translatedAround(engine.transaction, async (executor: Executor) => {
          const events: OutboxEvent[] = [];
          const inner = insideOf(executor);
          const scope = openScope();
          const repositories = guardRepositories(collecting(inner.repositories, events), scope.around);
          try {
            const result = await underLease(repositories, lease, run);
            await scope.settled();
            await translated(() => inner.insertEvents(events));
            return { result, events };
          } finally {
            await scope.settled();
            scope.end();
          }
        }),
      ),
    exclusively: (run) =>
      engine.admit(() =>
        translatedAround(engine.exclusively, ({ query }: RawSql) =>
          run({ query: (text) => translated(() => query(text)) }),
        ),
      ),
    ping: () => engine.admit(() => translated(() => engine.ping())),
    close() {
      closing ??= engine.close();
      return closing;
    },
  };
}

/** Events go to the list; their rows are inserted together at the end of the transaction. */
function collecting(repositories: Repositories, events: OutboxEvent[]): Repositories {
  const add = async (event: OutboxEvent) => {
    events.push(event);
  };
  return Object.create(repositories, { outbox: { value: { ...repositories.outbox, add } } }) as Repositories;
}

/** Failures of begin and commit are the driver's; what the work inside throws comes out as it is. */
async function translatedAround<A, T>(
  around: (run: (argument: A) => Promise<T>) => Promise<T>,
  work: (argument: A) => Promise<T>,
): Promise<T> {
  const thrown: unknown[] = [];
  try {
    return await around(async (argument) => {
      try {
        return await work(argument);
      } catch (error) {
        thrown.push(error);
        throw error;
      }
    });
  } catch (error) {
    throw thrown.includes(error) ? error : translateError(error);
  }
}

/** The lease is looked at while the work's first statements are already under way; without it nothing is committed. */
async function underLease<T>(
  repositories: Repositories,
  lease: Lease | undefined,
  run: (repositories: Repositories) => Promise<T>,
): Promise<T> {
  const held = lease ? repositories.turns.assertLease(lease) : Promise.resolve();
  const [lost, work] = await Promise.allSettled([held, run(repositories)]);
  if (lost.status === 'rejected') throw lost.reason;
  if (work.status === 'rejected') throw work.reason;
  return work.value;
}

interface Scope {
  around: Around;
  /** Resolves when every call that was made has ended, well or not. */
  settled(): Promise<void>;
  end(): void;
}

/** A call that nobody awaited must not run on a connection that serves somebody else by then. */
function openScope(): Scope {
  let open = true;
  const calls = new Set<Promise<unknown>>();
  return {
    around: (call) => {
      if (!open) return Promise.reject(new Error('The transaction of these repositories has ended'));
      const made = translated(call);
      const forget = () => calls.delete(made);
      calls.add(made);
      made.then(forget, forget);
      return made;
    },
    async settled() {
      while (calls.size > 0) await Promise.allSettled(calls);
    },
    end() {
      open = false;
    },
  };
}

async function translated<T>(call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    throw translateError(error);
  }
}
