import { tmpdir } from 'node:os';
import { expect, test } from 'vitest';
import { loadConfig } from '#config/load.ts';
import { checkDiskSpace, diskSpace } from './disk.ts';

const withFloor = (mebibytes: number) =>
  loadConfig({
    env: {},
    overrides: [
      { key: 'data_dir', value: tmpdir(), flag: '--data-dir' },
      { key: 'sandbox.limits.disk_free_mb', value: mebibytes, flag: '--floor' },
    ],
  }).config;

test('a disk with less free than its floor is told of', async () => {
  const full = withFloor(16_777_216);
  expect(await diskSpace(full)).toEqual({ freeMb: expect.any(Number), isLow: true });
  await expect(checkDiskSpace(full)).rejects.toThrow(/^only \d+ MiB are free in /);
});

test('a disk with room is ready', async () => {
  expect((await diskSpace(withFloor(1))).isLow).toBe(false);
  await checkDiskSpace(withFloor(1));
});
