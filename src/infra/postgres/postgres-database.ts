import { drizzle } from 'drizzle-orm/postgres-js';
import postgres, { type Options, type Sql } from 'postgres';
import { sleep } from '#shared/async.ts';
import type { Log } from '#shared/log.ts';
import { createDatabase, type SqlDatabase } from './database.ts';
import { unavailable } from './errors.ts';

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
const IDLE_TIMEOUT_S = 60;
const PING_TIMEOUT_MS = 5_000;
const CLOSE_TIMEOUT_S = 5;
const STATEMENT_TIMEOUT_MS = 30_000;
/** A process that hangs inside a transaction must not keep its row locks: the sweep would skip its turn. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** Advisory lock of the migrators; any constant of ours. */
const MIGRATION_LOCK = 7_305_816_221_493;
const MIGRATION_TIMEOUT_MS = 600_000;

/** A pool of connections. Opens none until the first statement. */
export function createPostgresDatabase(options: PostgresOptions): SqlDatabase {
  const settings = connectionSettings(options);
  const client = options.url ? postgres(options.url, settings) : postgres(settings);
  return createDatabase({
    executor: drizzle({ client: preparing(client) }),
    admit: (call) => call(),
    exclusively: (run) =>
      client
        .begin(async (transaction) => {
          await transaction.unsafe(`set local statement_timeout = ${MIGRATION_TIMEOUT_MS}`);
          await transaction.unsafe(`select pg_advisory_xact_lock(${MIGRATION_LOCK})`);
          return { value: await run({ query: (text) => transaction.unsafe(text).simple() }) };
        })
        .then(({ value }) => value),
    async ping() {
      const timeout = new AbortController();
      const late = sleep(PING_TIMEOUT_MS, timeout.signal).then(() => {
        throw unavailable({ code: 'CONNECT_TIMEOUT', message: 'no answer to a ping' });
      });
      try {
        await Promise.race([client`select 1`, late]);
      } finally {
        timeout.abort();
        late.catch(() => {});
      }
    },
    close: () => client.end({ timeout: CLOSE_TIMEOUT_S }),
  });
}

function connectionSettings(options: PostgresOptions): Options<Record<string, never>> {
  const { host, port, user, password, database, log } = options;
  return {
    ...(!options.url && { host, port, user, password, database }),
    ssl: sslOf(options.sslmode),
    max: options.maxConnections,
    connect_timeout: CONNECT_TIMEOUT_S,
    idle_timeout: IDLE_TIMEOUT_S,
    /** Arrays are sent as text. */
    fetch_types: false,
    onnotice: (notice) => log.debug({ notice: notice.message }, 'notice from the database'),
    connection: {
      application_name: 'crush',
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: IDLE_IN_TRANSACTION_TIMEOUT_MS,
      /** Finds a dead peer within half a minute, so that its locks do not outlive it. */
      tcp_keepalives_idle: 10,
      tcp_keepalives_interval: 5,
      tcp_keepalives_count: 4,
    },
  };
}

function sslOf(mode: PostgresOptions['sslmode']): Options<Record<string, never>>['ssl'] {
  if (mode === 'disable') return false;
  if (mode === 'verify-ca') return { rejectUnauthorized: true, checkServerIdentity: () => undefined };
  return mode;
}

/**
 * Drizzle prepares only statements that were given a name. Unprepared ones cost postgres.js a second round trip
 * for the parameters' types, so all are prepared here; the driver knows them again by their text.
 */
function preparing<T extends Pick<Sql, 'unsafe'>>(client: T): T {
  const overrides = {
    unsafe: (text: string, parameters?: never[]) => client.unsafe(text, parameters, { prepare: true }),
    begin: (run: (transaction: Sql) => unknown) =>
      (client as unknown as Sql).begin((transaction) => run(preparing(transaction) as unknown as Sql)),
  };
  return new Proxy(client, {
    get: (target, key) =>
      key === 'unsafe' || key === 'begin' ? overrides[key] : Reflect.get(target, key, target),
  });
}
