import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { checkedMounts } from './mounts.ts';

let root: string;
let dataDir: string;
beforeEach(() => {
  root = realpathSync(mkdtempSync(join(tmpdir(), 'crush-mounts-')));
  dataDir = join(root, 'state', 'crush');
  mkdirSync(join(dataDir, 'workspaces'), { recursive: true });
  mkdirSync(join(root, 'toolchain'));
  writeFileSync(join(root, 'file'), '');
  symlinkSync('/etc', join(root, 'to-etc'));
  symlinkSync(join(root, 'state'), join(root, 'to-data'));
});
afterEach(() => rmSync(root, { recursive: true }));

test('a directory of its own is shown', () => {
  const paths = [join(root, 'toolchain'), '/usr/local'];
  expect(checkedMounts({ paths, dataDir })).toEqual(paths);
});

test.each([
  ['toolchain', 'is not an absolute path'],
  ['/no/such/directory', 'cannot be shown: there is no such file'],
  ['file', 'is not a directory'],
  ['/', 'is a directory of the system'],
  ['/etc', 'is a directory of the system'],
  ['/etc/', 'is a directory of the system'],
  ['/usr/../root', 'is a directory of the system'],
  ['to-etc', 'is a directory of the system'],
  ['state', 'would show the server’s data directory'],
  ['state/crush', 'would show the server’s data directory'],
  ['state/crush/workspaces', 'would show the server’s data directory'],
  ['to-data', 'would show the server’s data directory'],
])('%s is refused: it %s', (name, reason) => {
  const path = name.startsWith('/') || name === 'toolchain' ? name : join(root, name);
  expect(() => checkedMounts({ paths: [path], dataDir })).toThrow(
    `sandbox.mounts: ${path} ${reason.replace('’', "'")}`,
  );
});

test('a data directory that is reached by a link is protected as well', () => {
  const paths = [join(root, 'state')];
  expect(() => checkedMounts({ paths, dataDir: join(root, 'to-data', 'crush') })).toThrow('would show');
});
