import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { SandboxLimits, WorkspaceLocation } from '../driver.ts';
import { createCommandGroups } from './command-groups.ts';

const limits: SandboxLimits = {
  memoryMb: 64,
  processes: 10,
  fileMb: 1,
  outputKb: 1,
  workspaceMb: 1,
  workspaceFiles: 10,
  diskFreeMb: 1,
};
const location: WorkspaceLocation = {
  projectId: 'p1',
  base: '/',
  directory: '/nowhere',
  identity: { dev: 0, ino: 0 },
  uid: 1,
  gid: 1,
  home: '/h',
  tmp: '/t',
};

let base: string;
beforeEach(() => {
  base = mkdtempSync(join(tmpdir(), 'crush-groups-'));
  mkdirSync(join(base, 'proc/self'), { recursive: true });
  writeFileSync(join(base, 'proc/self/stat'), '4711 (node) S 1');
});
afterEach(() => rmSync(base, { recursive: true, force: true }));

function describeHost(mountinfo: string, cgroup: string): void {
  writeFileSync(join(base, 'proc/self/mountinfo'), mountinfo);
  writeFileSync(join(base, 'proc/self/cgroup'), cgroup);
}

const read = (path: string): string => readFileSync(join(base, path), 'utf8');

test('version 1 limits memory and processes in a group below the own one', async () => {
  mkdirSync(join(base, 'memory/me'), { recursive: true });
  mkdirSync(join(base, 'pids'));
  describeHost(
    `30 20 0:1 / ${base}/memory rw - cgroup cgroup rw,memory\n31 20 0:2 / ${base}/pids rw - cgroup cgroup rw,pids\n`,
    '4:memory:/me\n3:cpu,pids:/\n',
  );
  const groups = createCommandGroups(limits, join(base, 'proc'));
  expect(groups.entrances(location)).toEqual([
    join(base, 'memory/me/crush/p1/tasks'),
    join(base, 'pids/crush/p1/tasks'),
  ]);
  expect(groups.controllers).toEqual(['memory', 'pids']);
  expect(read('memory/me/crush/p1/memory.limit_in_bytes')).toBe('67108864');
  expect(read('pids/crush/p1/pids.max')).toBe('20');
});

test('version 2 moves the server aside and hands its controllers down', async () => {
  mkdirSync(join(base, 'unified/svc'), { recursive: true });
  writeFileSync(join(base, 'unified/svc/cgroup.controllers'), 'cpu memory pids\n');
  describeHost(`30 20 0:1 / ${base}/unified rw - cgroup2 cgroup2 rw\n`, '0::/svc\n');
  const groups = createCommandGroups(limits, join(base, 'proc'));
  expect(groups.entrances(location)).toEqual([join(base, 'unified/svc/crush/p1/cgroup.procs')]);
  expect(read('unified/svc/crush-server/cgroup.procs')).toBe('4711');
  expect(read('unified/svc/cgroup.subtree_control')).toBe('+memory +pids');
  expect(read('unified/svc/crush/p1/memory.max')).toBe('67108864');
});

test('without a hierarchy nothing is limited and nothing fails', async () => {
  describeHost('', '');
  const groups = createCommandGroups(limits, join(base, 'proc'));
  expect(groups.entrances(location)).toEqual([]);
  await groups.close();
  expect(groups.controllers).toEqual([]);
});
