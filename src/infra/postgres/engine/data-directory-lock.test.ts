import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { beforeEach, expect, onTestFinished, test } from 'vitest';
import { DataDirectoryInUseError, lockDataDirectory } from './data-directory-lock.ts';

const NO_PROCESS = 2 ** 22 + 1;
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
  expect(refused).toMatchObject({ pid: process.pid });
  await lock.release();
  await lock.release();
  const next = await lockDataDirectory(directory);
  await lock.release();
  await expect(lockDataDirectory(directory)).rejects.toThrow(`in use by process ${process.pid}`);
  await next.release();
  expect(readdirSync(parent)).toEqual(['data']);
});

test.each([
  ['a process that is gone', () => ({ pid: NO_PROCESS, startTime: null, nonce: 'x' })],
  ['an earlier process with the same number', () => ({ pid: process.pid, startTime: 'boot:1', nonce: 'x' })],
  ['something else than a lock', () => 'nonsense'],
])('a lock of %s is taken over by exactly one', async (_, content) => {
  writeFileSync(`${directory}.lock`, JSON.stringify(content()));
  const attempts = await Promise.allSettled(Array.from({ length: 10 }, () => lockDataDirectory(directory)));
  const won = attempts.filter((attempt) => attempt.status === 'fulfilled');
  expect(won).toHaveLength(1);
  expect(JSON.parse(readFileSync(`${directory}.lock`, 'utf8'))).toMatchObject({ pid: process.pid });
  await won[0]?.value.release();
});

test('a takeover that was cut short does not block the next', async () => {
  const dead = JSON.stringify({ pid: NO_PROCESS, startTime: null, nonce: 'x' });
  writeFileSync(`${directory}.lock`, dead);
  writeFileSync(`${directory}.lock.takeover`, dead);
  const lock = await lockDataDirectory(directory);
  await lock.release();
  expect(readdirSync(parent)).toEqual(['data']);
});
