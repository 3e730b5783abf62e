import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Options, type Sql } from 'postgres';
import { within } from '#shared/async/within.ts';
import type { Log } from '#shared/log.ts';
import { createDatabase, type RawSql, type SqlDatabase } from '../database.ts';
import { unavailable } from '../errors.ts';
import type { Executor } from './executor.ts';
import { socketFactory } from './postgres-socket.ts';
import { createTransactionPool, prepareAll } from './transaction-pool.ts';

export interface PostgresOptions {
  /** Takes the place of host, port, user, password and database. */
  url?: string;
  host?: string;
  port?: number;
  user?: string;
  password?: string;
  database?: string;
  sslmode: 'disable' | 'allow' | 'prefer' | 'require' | 'verify-ca' | 'verify-full';
  maxConnections: number;
  log: Log;
}

const CONNECT_TIMEOUT_S = 5;
const IDLE_TIMEOUT_S = 30;
const PING_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_S = 2;
const STATEMENT_TIMEOUT_MS = 30_000;
/** The server ends a statement first; this is for a server that has gone silent. */
const SILENCE_TIMEOUT_MS = 40_000;
/** A process that hangs inside a transaction must not keep its row locks: the sweep would skip its turn. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** Advisory lock of the migrators; any constant of ours. */
const MIGRATION_LOCK = 7_305_816_221_493;
const MIGRATION_TIMEOUT_MS = 600_000;

/** A pool of connections. Opens none until the first statement. */
export function createPostgresDatabase(options: PostgresOptions): SqlDatabase {
  // Statements share connections, several at a time on each; a transaction has one for itself.
  const forStatements = Math.ceil(options.maxConnections / 4);
  const client = openClient(options, { max: forStatements, silenceMs: SILENCE_TIMEOUT_MS });
  const transactions = createTransactionPool({
    open: (onclose) => openClient(options, { max: 1, silenceMs: SILENCE_TIMEOUT_MS, onclose }),
    max: Math.max(1, options.maxConnections - forStatements),
    deadlineMs: SILENCE_TIMEOUT_MS,
  });
  const executors = new WeakMap<Sql, Executor>();
  const executorOf = (transaction: Sql) => {
    const executor = executors.get(transaction) ?? drizzle({ client: transaction });
    executors.set(transaction, executor);
    return executor;
  };
  return createDatabase({
    executor: drizzle({ client: prepareAll(client, SILENCE_TIMEOUT_MS) }),
    transaction: (run) => transactions.run((transaction) => run(executorOf(transaction))),
    admit: (call) => call(),
    exclusively: (run) => runExclusively(options, run),
    ping: () => ping(client),
    async close() {
      await Promise.all([client.end({ timeout: CLOSE_TIMEOUT_S }), transactions.close(CLOSE_TIMEOUT_S)]);
    },
  });
}

/** On a connection of its own, since migrations may be silent for long. */
async function runExclusively<T>(options: PostgresOptions, run: (raw: RawSql) => Promise<T>): Promise<T> {
  const pool = createTransactionPool({
    open: (onclose) => openClient(options, { max: 1, silenceMs: MIGRATION_TIMEOUT_MS, onclose }),
    max: 1,
    deadlineMs: MIGRATION_TIMEOUT_MS,
  });
  try {
    return await pool.run(async (transaction) => {
      const query = async (text: string) => [...(await transaction.unsafe(text))];
      await query(`set local statement_timeout = ${MIGRATION_TIMEOUT_MS}`);
      await query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
      return run({ query });
    });
  } finally {
    await pool.close(CLOSE_TIMEOUT_S);
  }
}

interface ClientSettings {
  max: number;
  silenceMs: number;
  onclose?: () => void;
}

function openClient(options: PostgresOptions, { max, silenceMs, onclose }: ClientSettings): Sql {
  const { url, host, port, user, password, database, log } = options;
  const settings = {
    ...(!url && { host, port, user, password, database }),
    ssl: sslOf(options.sslmode),
    max,
    connect_timeout: CONNECT_TIMEOUT_S,
    idle_timeout: IDLE_TIMEOUT_S,
    // Arrays are sent as text.
    fetch_types: false,
    socket: socketFactory(silenceMs),
    onclose,
    onnotice: (notice: { message?: string }) =>
      log.debug({ notice: notice.message }, 'notice from the database'),
    connection: {
      application_name: 'crush',
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      // Finds a dead peer within half a minute, so that its locks do not outlive it.
      tcp_keepalives_idle: 10,
      tcp_keepalives_interval: 5,
      tcp_keepalives_count: 4,
    },
  } as Options<Record<string, never>>;
  return url ? postgres(url, settings) : postgres(settings);
}

async function ping(client: Sql): Promise<void> {
  await within(client`select 1`, PING_TIMEOUT_MS, () => {
    throw unavailable({ code: 'CONNECT_TIMEOUT', message: 'no answer to a ping' });
  });
}

function sslOf(mode: PostgresOptions['sslmode']): Options<Record<string, never>>['ssl'] {
  if (mode === 'disable') return false;
  if (mode === 'verify-ca') return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return mode;
}
