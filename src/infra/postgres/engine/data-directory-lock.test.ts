import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { DataDirectoryInUseError, lockDataDirectory } from './data-directory-lock.ts';

let parent: string;
let directory: string;

beforeEach(() => {
  parent = mkdtempSync(join(tmpdir(), 'crush-lock-'));
  directory = join(parent, 'data');
  onTestFinished(() => rmSync(parent, { recursive: true }));
});

test('a directory has one holder, and another after its release', async () => {
  const lock = await lockDataDirectory(directory);
  const refused = await lockDataDirectory(directory).catch((error: unknown) => error);
  expect(refused).toBeInstanceOf(DataDirectoryInUseError);
  expect(refused).toMatchObject({ holder: `process ${process.pid} on ${hostname()}` });
  await lock.release();
  await lock.release();
  const next = await lockDataDirectory(directory);
  await lock.release();
  await expect(lockDataDirectory(directory)).rejects.toThrow(`in use by process ${process.pid}`);
  await next.release();
  expect(readdirSync(parent)).toEqual(['data']);
});

test.each([
  ['of a process that is gone', JSON.stringify({ pid: 2 ** 22 + 1, startTime: null, nonce: 'x' })],
  ['of an earlier process with the same number', `process ${process.pid} on ${hostname()}`],
  ['that is something else', 'nonsense'],
])('a lock file %s holds nobody up, and exactly one gets it', async (_, content) => {
  writeFileSync(`${directory}.lock`, content);
  const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => lockDataDirectory(directory)));
  const won = attempts.filter((attempt) => attempt.status === 'fulfilled');
  expect(won).toHaveLength(1);
  await won[0]?.value.release();
  expect(readdirSync(parent)).toEqual(['data']);
});

test('whoever comes while it is released has it alone', async () => {
  for (let round = 0; round < 10; round += 1) {
    const first = await lockDataDirectory(directory);
    const attempts = Array.from({ length: 5 }, () => lockDataDirectory(directory));
    const [, ...results] = await Promise.allSettled([first.release(), ...attempts]);
    const won = results.filter((result) => result.status === 'fulfilled');
    expect(won.length).toBeLessThanOrEqual(1);
    await Promise.all(won.map(({ value }) => value.release()));
  }
});

const HOLDER = `
  import { lockDataDirectory } from ${JSON.stringify(join(import.meta.dirname, 'data-directory-lock.ts'))};
  await lockDataDirectory(process.argv[1]);
  console.log('held');
  setInterval(() => {}, 1000);`;

/** As in a container of its own: here its number means another process or none. */
const IN_PID_NAMESPACE = ['unshare', '--user', '--map-root-user', '--pid', '--fork', '--kill-child'];

test.each([
  ['of another process', []],
  ['of a process in another PID namespace', IN_PID_NAMESPACE],
])('the lock %s holds until it is killed', async (_, prefix) => {
  mkdirSync(directory);
  const [program = '', ...argv] = [
    ...prefix,
    ...[process.execPath, '--import', 'tsx', '--input-type=module', '-e', HOLDER, directory],
  ];
  const holder = spawn(program, argv, { stdio: ['ignore', 'pipe', 'inherit'] });
  const gone = once(holder, 'exit');
  onTestFinished(() => void holder.kill('SIGKILL'));
  await once(holder.stdout, 'data');
  await expect(lockDataDirectory(directory)).rejects.toBeInstanceOf(DataDirectoryInUseError);
  holder.kill('SIGKILL');
  await gone;
  await expect.poll(() => lockDataDirectory(directory).then((lock) => lock.release())).toBeUndefined();
});
