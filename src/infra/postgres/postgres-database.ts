import { drizzle } from 'drizzle-orm/node-postgres';
import pg from 'pg';
import type { Log } from '#shared/log.ts';
import { createDatabase, type SqlDatabase } from './database.ts';
import { unavailable } from './errors.ts';
import { createStatementNames, queryThrough, withCodes } from './pg-client.ts';

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

const CONNECT_TIMEOUT_MS = 5_000;
const IDLE_TIMEOUT_MS = 60_000;
const PING_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_MS = 5_000;
const STATEMENT_TIMEOUT_MS = 30_000;
/** The server ends the statement first; this is for a server that has gone silent. */
const SILENCE_TIMEOUT_MS = 40_000;
/** A process that hangs inside a transaction must not keep its row locks: the sweep would skip its turn. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** Finds a dead peer within half a minute, so that its locks do not outlive it. */
const KEEPALIVE = '-c tcp_keepalives_idle=10 -c tcp_keepalives_interval=5 -c tcp_keepalives_count=4';
/** Advisory lock of the migrators; any constant of ours. */
const MIGRATION_LOCK = 7_305_816_221_493;
const MIGRATION_TIMEOUT_MS = 600_000;

/** pg takes the timeout per query too, its types do not say so. */
interface MigrationQuery extends pg.QueryConfig {
  query_timeout: number;
}

/** A pool of connections. Opens none until the first statement. */
export function createPostgresDatabase(options: PostgresOptions): SqlDatabase {
  const pool = openPool(options);
  const names = createStatementNames();
  return createDatabase({
    executor: drizzle({ client: queryThrough(pool, names) }),
    transaction: (run) =>
      inTransaction(pool, (client) => run(drizzle({ client: queryThrough(client, names) }))),
    admit: (call) => call(),
    exclusively: (run) =>
      inTransaction(pool, async (client) => {
        const query = async (text: string) => {
          const config: MigrationQuery = { text, query_timeout: MIGRATION_TIMEOUT_MS };
          return (await client.query(config)).rows ?? [];
        };
        await query(`set local statement_timeout = ${MIGRATION_TIMEOUT_MS}`);
        await query(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
        return run({ query });
      }),
    ping: () => ping(pool),
    close: () => endWithin(pool, CLOSE_TIMEOUT_MS),
  });
}

function openPool(options: PostgresOptions): pg.Pool {
  const { url, host, port, user, password, database, log } = options;
  const pool = new pg.Pool({
    ...(url ? { connectionString: url } : { host, port, user, password, database }),
    ssl: sslOf(options.sslmode),
    max: options.maxConnections,
    application_name: 'crush',
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    idleTimeoutMillis: IDLE_TIMEOUT_MS,
    statement_timeout: STATEMENT_TIMEOUT_MS,
    query_timeout: SILENCE_TIMEOUT_MS,
    idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
    options: KEEPALIVE,
    keepAlive: true,
  });
  /** The pool does not listen to a client that is checked out, and an error without a listener ends the process. */
  pool.on('connect', (client) => {
    client.on('error', (error) => log.warn({ error: error.message }, 'a database connection was lost'));
  });
  pool.on('error', () => {});
  return pool;
}

/** A connection on which the rollback fails too is thrown away. */
async function inTransaction<T>(pool: pg.Pool, run: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  const client = await withCodes(pool.connect());
  let broken = false;
  try {
    await withCodes(client.query('begin'));
    const result = await run(client);
    const { command } = await withCodes(client.query('commit'));
    if (command !== 'COMMIT') throw new Error('A statement had failed, so the transaction was rolled back');
    return result;
  } catch (error) {
    await client.query('rollback').catch(() => {
      broken = true;
    });
    throw error;
  } finally {
    client.release(broken);
  }
}

async function ping(pool: pg.Pool): Promise<void> {
  const answered = withCodes(pool.query('select 1')).then(() => true);
  if (await Promise.race([answered, after(PING_TIMEOUT_MS, false, answered)])) return;
  throw unavailable({ code: 'CONNECTION_FAILED', message: 'no answer to a ping' });
}

/** Does not wait longer for transactions that do not end. */
async function endWithin(pool: pg.Pool, ms: number): Promise<void> {
  const ended = pool.end();
  await Promise.race([ended, after(ms, undefined, ended)]);
}

/** Resolves after `ms`; its timer goes when `other` is settled. */
function after<T>(ms: number, value: T, other: Promise<unknown>): Promise<T> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => resolve(value), ms);
    const cancel = () => clearTimeout(timer);
    other.then(cancel, cancel);
  });
}

function sslOf(mode: PostgresOptions['sslmode']): pg.PoolConfig['ssl'] {
  switch (mode) {
    case 'disable':
    case 'allow':
    case 'prefer':
      return false;
    case 'require':
      return { rejectUnauthorized: false };
    case 'verify-ca':
      return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
    case 'verify-full':
      return { rejectUnauthorized: true };
  }
}
