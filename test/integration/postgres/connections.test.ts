import pg from 'pg';
import { expect, inject, it, onTestFinished } from 'vitest';
import { silentLog } from '#shared/log.ts';
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
  const admin = new pg.Client({ connectionString: inject('postgresUrl') });
  await admin.connect();
  onTestFinished(async () => {
    await admin.end();
    await database.close();
  });
  const cut = () =>
    admin.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'crush' and datname = $1",
      [new URL(database.url).pathname.slice(1)],
    );
  const user = newUser();
  const run = database.transaction(async ({ users }) => {
    await users.insert(user);
    await cut();
    await users.count();
  });
  await expect(run).rejects.toMatchObject({ code: 'unavailable' });
  expect(await database.repositories.users.get(user.id)).toBeNull();
  const slow = database.exclusively((raw) => raw.query('select pg_sleep(20)'));
  setTimeout(() => void cut(), 100);
  await expect(slow).rejects.toMatchObject({ code: 'unavailable' });
  await Promise.all(Array.from({ length: 30 }, () => database.ping()));
});

it('prepares its statements, inside transactions too', async () => {
  const source = await createPostgresTestDatabase(inject('postgresUrl'));
  onTestFinished(() => source.close());
  await source.transaction(({ users }) => users.list({ limit: 3 }));
  const prepared = await source.exclusively((raw) =>
    raw.query('select statement from pg_prepared_statements'),
  );
  expect(JSON.stringify(prepared)).toContain('limit $1');
});

it('closes twice without complaint and refuses work afterwards', async () => {
  const database = await createPostgresTestDatabase(inject('postgresUrl'));
  await Promise.all([database.close(), database.close()]);
  await expect(database.repositories.users.count()).rejects.toMatchObject({ code: 'unavailable' });
});
