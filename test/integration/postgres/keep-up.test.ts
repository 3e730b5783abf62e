import { PGlite } from '@electric-sql/pglite';
import { expect, it, onTestFinished } from 'vitest';
import { keepUp } from '../../../src/infra/postgres/engine/keep-up.ts';
import { createPgliteClient } from '../../../src/infra/postgres/engine/pglite-client.ts';
import { cachedPgliteTemplate } from '../../harness/pglite-template.ts';

const ROUNDS = 6;
const ROWS = 4000;

it('lets neither the log nor a table grow with what is written and deleted', {
  timeout: 60_000,
}, async () => {
  const pglite = await PGlite.create({ loadDataDir: await cachedPgliteTemplate() });
  onTestFinished(() => pglite.close());
  const client = createPgliteClient(pglite);
  const figure = async (text: string) =>
    Number((await client.query(`select ${text} as figure`)).rows[0]?.figure);
  await client.query('create table churn (id int, body text)');
  const sizes: number[] = [];
  for (let round = 0; round < ROUNDS; round += 1) {
    await client.query(`insert into churn select n, repeat('x', 1000) from generate_series(1, ${ROWS}) n`);
    await client.query('delete from churn');
    // Counts are reported once a second at most, and these rounds may be faster.
    await client.query('select pg_stat_force_next_flush()');
    await client.query('select 1');
    await keepUp(client);
    sizes.push(await figure("pg_relation_size('churn')"));
  }
  // The count of dead rows may come a round late; without a vacuum there would be six times the first size.
  expect(Math.max(...sizes)).toBeLessThan(3 * (sizes[0] ?? 0));
  const written = await figure("pg_current_wal_insert_lsn() - '0/0'::pg_lsn");
  const since = await figure('pg_current_wal_insert_lsn() - (select redo_lsn from pg_control_checkpoint())');
  expect(written).toBeGreaterThan(ROUNDS * ROWS * 1000);
  expect(since).toBeLessThan(17 * 1024 * 1024);
});
