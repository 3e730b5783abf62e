import postgres from 'postgres';
import { expect, inject, it, onTestFinished } from 'vitest';
import { deferred } from '#shared/async/deferred.ts';
import { sleep } from '#shared/async/sleep.ts';
import { silentLog } from '#shared/log.ts';
import { createTransactionPool, prepareAll } from '../../../src/infra/postgres/engine/transaction-pool.ts';
import { createPostgresDatabase } from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { freePort } from '../../harness/process.ts';
import { newUser } from './records.ts';

it('says unavailable when nothing listens', async () => {
  const database = createPostgresDatabase({
    host: '127.0.0.1',
    port: await freePort(),
    user: 'crush',
    database: 'postgres',
    sslmode: 'disable',
    maxConnections: 2,
    log: silentLog,
  });
  onTestFinished(() => database.close());
  await expect(database.ping()).rejects.toMatchObject({ code: 'unavailable' });
  await expect(database.repositories.users.count()).rejects.toMatchObject({ code: 'unavailable' });
  await expect(database.transaction(({ users }) => users.count())).rejects.toMatchObject({
    code: 'unavailable',
  });
});

it('goes on after its connections were cut', async () => {
  const database = await createPostgresTestDatabase(inject('postgresUrl'));
  const admin = postgres(inject('postgresUrl'), { max: 1 });
  onTestFinished(async () => {
    await admin.end();
    await database.close();
  });
  const name = new URL(database.url).pathname.slice(1);
  const cut = () =>
    admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'crush' and datname = ${name}`;
  const user = newUser();
  const run = database.transaction(async ({ users }) => {
    await users.insert(user);
    await cut();
    await users.count();
  });
  await expect(run).rejects.toMatchObject({ code: 'unavailable' });
  expect(await database.repositories.users.get(user.id)).toBeNull();
  const slow = database.exclusively((raw) => raw.query('select pg_sleep(20)'));
  slow.catch(() => {});
  await expect
    .poll(
      () => admin`select 1 from pg_stat_activity where query like 'select pg_sleep%' and datname = ${name}`,
    )
    .toHaveLength(1);
  await cut();
  await expect(slow).rejects.toMatchObject({ code: 'unavailable' });
  await Promise.all(Array.from({ length: 30 }, () => database.ping()));
});

it('sends nothing more of a transaction whose connection was cut while it was idle', async () => {
  const database = await createPostgresTestDatabase(inject('postgresUrl'));
  const admin = postgres(inject('postgresUrl'), { max: 1 });
  onTestFinished(async () => {
    await admin.end();
    await database.close();
  });
  const name = new URL(database.url).pathname.slice(1);
  const [before, after] = [newUser(), newUser()];
  const run = database.transaction(async ({ users }) => {
    await users.insert(before);
    await admin`select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'crush' and datname = ${name}`;
    // Long enough for the end to arrive, and for others to open connections anew.
    await sleep(200);
    await Promise.all(Array.from({ length: 10 }, () => database.ping()));
    await users.insert(after).catch(() => {});
    await users.insert(after);
  });
  await expect(run).rejects.toMatchObject({ code: 'unavailable' });
  expect(await database.repositories.users.count()).toBe(0);
});

it('sends none of the statements under way over the next connection', async () => {
  const database = await createPostgresTestDatabase(inject('postgresUrl'));
  const admin = postgres(database.url, { max: 1 });
  const pool = createTransactionPool({
    open: (onclose) => postgres(database.url, { max: 1, onclose }),
    max: 1,
    deadlineMs: 5_000,
  });
  onTestFinished(async () => {
    await Promise.all([pool.close(1), admin.end()]);
    await database.close();
  });
  await admin`create table cut (n int)`;
  const run = pool.run((transaction) => {
    const cut = transaction.unsafe('select pg_terminate_backend(pg_backend_pid())');
    // Each is new to the connection, so that all but the first wait inside the driver.
    const rows = Array.from({ length: 10 }, (_, n) =>
      transaction.unsafe(`insert into cut values ($1::int + ${n})`, [1 as never]),
    );
    return Promise.all([cut, ...rows]);
  });
  await expect(run).rejects.toThrow();
  // Long enough for another connection to carry what was left.
  await sleep(300);
  expect(await admin`select n from cut`).toHaveLength(0);
});

it('prepares its statements, inside transactions too', async () => {
  const client = postgres(inject('postgresUrl'), { max: 1 });
  onTestFinished(() => client.end());
  const pool = createTransactionPool({ open: () => client, max: 1, deadlineMs: 5_000 });
  await pool.run((transaction) => transaction.unsafe('select $1::int as inside', [1 as never]));
  await prepareAll(client, 5_000).unsafe('select $1::int as outside', [1 as never]);
  const prepared = await client.unsafe('select statement from pg_prepared_statements');
  expect(JSON.stringify(prepared)).toMatch(/inside.*outside|outside.*inside/);
});

it('closes twice without complaint and refuses work afterwards', async () => {
  const database = await createPostgresTestDatabase(inject('postgresUrl'));
  await Promise.all([database.close(), database.close()]);
  await expect(database.repositories.users.count()).rejects.toMatchObject({ code: 'unavailable' });
});

it('refuses who waits for a connection when it closes', async () => {
  const release = deferred<void>();
  const pool = createTransactionPool({
    open: (onclose) => postgres(inject('postgresUrl'), { max: 1, onclose }),
    max: 1,
    deadlineMs: 5_000,
  });
  const first = pool.run((transaction) => Promise.all([transaction.unsafe('select 1'), release.promise]));
  const outcome = first.catch(() => {});
  const waiting = [pool.run(async () => 'ran'), pool.run(async () => 'ran')];
  const refusals = Promise.all(
    waiting.map((run) => expect(run).rejects.toMatchObject({ code: 'unavailable' })),
  );
  const closed = pool.close(1);
  await refusals;
  await expect(pool.run(async () => 'ran')).rejects.toMatchObject({ code: 'unavailable' });
  release.resolve();
  await Promise.all([closed, outcome]);
});
