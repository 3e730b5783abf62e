import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { createJobRegistry, type JobRegistry } from './jobs.ts';

let bench: ToolBench;
let jobs: JobRegistry;
let now = 0;

beforeEach(async () => {
  bench = await createToolBench();
  now = 1_000_000;
  jobs = createJobRegistry({ clock: { now: () => now }, maxRunningPerUser: 60, sweepIntervalMs: 5 });
});

afterEach(async () => {
  await jobs.close();
  await bench.close();
});

const start = (command: string, session = 's', userId = 'u') =>
  jobs.start(session, bench.workspace, { userId, command, description: 'd', cwd: '/workspace', env: {} });

const until = async (holds: () => boolean) => {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 5));
};

test('jobs that have ended are in nobody’s way, and the youngest twenty are remembered', async () => {
  for (let n = 0; n < 60; n += 1) await (await start('true')).done;
  expect(jobs.list('s').map(({ id }) => id)).toEqual(
    Array.from({ length: 20 }, (_, at) => (41 + at).toString(16).toUpperCase().padStart(3, '0')),
  );
  expect((await start('true')).id).toBe('03D');
});

test('only so many run at the same time', async () => {
  for (let n = 0; n < 50; n += 1) await start('sleep 60');
  await expect(start('true')).rejects.toMatchObject({ code: 'refused' });
  await jobs.get('s', '001')?.kill();
  await jobs.get('s', '001')?.done;
  await expect(start('true')).resolves.toMatchObject({ id: '033' });
  await expect(start('true', 'another session')).resolves.toMatchObject({ id: '001' });
});

test('a user has a share of them over all sessions, also of those that are being started', async () => {
  await jobs.close();
  jobs = createJobRegistry({ clock: { now: () => now }, maxRunningPerUser: 2 });
  const started = await Promise.allSettled(['a', 'b', 'c'].map((session) => start('sleep 60', session)));
  expect(started.map(({ status }) => status)).toEqual(['fulfilled', 'fulfilled', 'rejected']);
  await expect(start('true', 'd')).rejects.toThrow('2 jobs of this user are running already');
  await expect(start('true', 'd', 'another user')).resolves.toMatchObject({ id: '001' });
  const [job] = jobs.list('a');
  await job?.kill();
  await job?.done;
  await expect(start('true', 'd')).resolves.toMatchObject({ id: '002' });
});

test('what ended long ago is forgotten although the session does nothing', async () => {
  await (await start('true')).done;
  const running = await start('sleep 60');
  now += 481 * 60_000;
  await until(() => jobs.list('s').length === 1);
  expect(jobs.get('s', running.id)).not.toBeNull();
  expect(jobs.get('s', '001')).toBeNull();
});

test('output of any length is kept at both ends', async () => {
  const job = await start('seq 1 100000');
  await job.done;
  const { head, tail, droppedLines } = job.stdout.ends();
  expect(head.startsWith('1\n2\n')).toBe(true);
  expect(tail.endsWith('\n100000\n')).toBe(true);
  const shown = head.split('\n').length + tail.split('\n').length - 2;
  expect(droppedLines + shown).toBe(100_000);
});
