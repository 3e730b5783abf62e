import type { Database, Repositories } from '#domain/context.ts';
import type { OutboxEvent } from '#domain/events/index.ts';
import type { Lease } from '#domain/turn/index.ts';
import type { Executor } from './engine/executor.ts';
import { translateError } from './errors.ts';
import { insertEvents } from './repositories/conversation/outbox-repository.ts';
import { type Around, createRepositories } from './repositories/index.ts';

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

export function createDatabase(engine: Engine): SqlDatabase {
  const { executor } = engine;
  const outer: Around = (call) => engine.admit(() => translated(call));
  let closing: Promise<void> | undefined;

  return {
    repositories: createRepositories({ executor, atomically: engine.transaction }, outer),
    transaction: (run, lease) =>
      outer(() =>
        engine.transaction(async (transaction) => {
          const events: OutboxEvent[] = [];
          const scope = openScope();
          const repositories = createRepositories(
            { executor: transaction, atomically: (inner) => inner(transaction) },
            scope.around,
            (event) => events.push(event),
          );
          try {
            const result = await underLease(repositories, lease, run);
            await insertEvents(transaction, events);
            return { result, events };
          } finally {
            scope.end();
          }
        }),
      ),
    exclusively: (run) => outer(() => engine.exclusively(run)),
    ping: () => outer(() => engine.ping()),
    close() {
      closing ??= engine.close();
      return closing;
    },
  };
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

/** A call that nobody awaited must not run on a connection that serves somebody else by then. */
function openScope(): { around: Around; end(): void } {
  let open = true;
  return {
    around: (call) => {
      if (!open) return Promise.reject(new Error('The transaction of these repositories has ended'));
      return translated(call);
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
