import { expect, test } from 'vitest';
import { usageLimits } from './usage-limits.ts';

const MEBIBYTE = 1024 * 1024;
const limits = {
  memoryMb: 64,
  processes: 10,
  fileMb: 50,
  outputKb: 1,
  workspaceMb: 100,
  workspaceFiles: 1000,
  diskFreeMb: 10,
};
const bounds = usageLimits(limits);
const plenty = { bytes: 1000 * MEBIBYTE, files: 1_000_000 };

test('bytes and files are limits of their own, and a limit may be reached', () => {
  expect(bounds.exceededBy({ bytes: 100 * MEBIBYTE, files: 1000 })).toBeNull();
  expect(bounds.exceededBy({ bytes: 100 * MEBIBYTE + 1, files: 1 })).toMatch(/100 MiB/);
  expect(bounds.exceededBy({ bytes: 1, files: 1001 })).toMatch(/more files than its limit of 1000/);
});

test('a host is full by bytes or by files, and not where the kernel knows no number of files', () => {
  expect(bounds.hostIsFull(plenty)).toBeNull();
  expect(bounds.hostIsFull({ bytes: plenty.bytes, files: Number.POSITIVE_INFINITY })).toBeNull();
  expect(bounds.hostIsFull({ ...plenty, bytes: 10 * MEBIBYTE - 1 })).toMatch(/less than 10 MiB/);
  expect(bounds.hostIsFull({ ...plenty, files: 9 })).toMatch(/more files/);
});

test('a command may write no file that is larger than the room that is left', () => {
  expect(bounds.largestFileMb({ bytes: 0, files: 0 })).toBe(50);
  expect(bounds.largestFileMb({ bytes: 80 * MEBIBYTE, files: 0 })).toBe(20);
  expect(bounds.largestFileMb({ bytes: 100 * MEBIBYTE, files: 0 })).toBe(1);
});
