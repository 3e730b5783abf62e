import { afterEach, expect, test } from 'vitest';
import { createWorkPool, type WorkPool } from '#infra/work/pool.ts';
import { silentLog } from '#shared/log.ts';
import { watchEventLoop } from '../../../test/harness/loop-watch.ts';
import { spawnWorker } from './open-text-work.ts';
import { createTextWork } from './text-work.ts';

let pool: WorkPool | undefined;
afterEach(() => pool?.close());

function open() {
  pool = createWorkPool({
    spawn: spawnWorker,
    log: silentLog,
    size: 1,
    maxWaiting: 4,
    maxWaitingPerKey: 2,
    idleMs: 60_000,
  });
  return createTextWork(pool);
}

/** No two lines alike: the comparison takes minutes. */
const hopeless = (seed: number) =>
  Array.from({ length: 60_000 }, (_, at) => `${(at * seed) % 60_013}\n`).join('');
const pair = { oldName: 'a', newName: 'b', before: hopeless(7919), after: hopeless(104_729) };

test('large texts are compared in a thread, in the time that is left, and the next ones too', async () => {
  const work = open();
  const budget = { leftMs: 300 };
  // The thread is there, so that only the work is measured.
  await work.compare({ ...pair, after: `x\n${pair.before}x\n` }, { key: 'u', budget: { leftMs: 10_000 } });
  const watch = watchEventLoop();
  const found = await work.compare(pair, { key: 'u', budget });
  expect(watch.stop()).toBeLessThan(200);
  expect(found).toMatchObject({ diff: null, refusal: 'too_slow', additions: 60_000 });
  expect(budget.leftMs).toBeLessThan(50);
  expect(await work.compare(pair, { key: 'u', budget: { leftMs: 0 } })).toMatchObject({
    refusal: 'too_slow',
  });
  const later = { key: 'u', budget: { leftMs: 20_000 } };
  const before = `${pair.before}end\n`;
  const after = `new\n${before.replace('end', 'END')}`;
  expect(await work.compare({ ...pair, before, after }, later)).toMatchObject({ additions: 2, removals: 1 });
});

test('an edit that would take for ever ends with its thread', async () => {
  const work = open();
  const text = ' a'.repeat(300_000);
  const edits = Array.from({ length: 200 }, (_, at) => ({ old_string: `y  ${at}`, new_string: 'z' }));
  const job = { text, edits, creates: false };
  expect(await work.applyEdits(job, { key: 'u', budget: { leftMs: 50 } })).toEqual({
    ok: false,
    reason: 'too_slow',
  });
  const one = { text, edits: [{ old_string: 'y', new_string: 'z' }], creates: false };
  expect(await work.applyEdits(one, { key: 'u', budget: { leftMs: 20_000 } })).toMatchObject({
    ok: true,
    value: { failed: [{ at: 0 }] },
  });
});

test('who has his share waiting is refused, others are not; what waits fails at the end', async () => {
  const work = open();
  const terms = (key: string) => ({ key, budget: { leftMs: 60_000 } });
  const running = ['u', 'u', 'u', 'u', 'v'].map((key) => work.compare(pair, terms(key)));
  expect(await running[3]).toMatchObject({ refusal: 'busy' });
  await pool?.close();
  expect((await Promise.all(running)).map(({ refusal }) => refusal)).toEqual([
    'failed',
    'failed',
    'failed',
    'busy',
    'failed',
  ]);
});
