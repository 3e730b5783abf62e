import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { makeDataDirectory } from './data-directory.ts';

function scratch(): string {
  const directory = mkdtempSync(join(tmpdir(), 'crush-data-'));
  onTestFinished(() => rmSync(directory, { recursive: true }));
  return directory;
}

test('is made with its parents, for its owner alone, and left as it is the next time', () => {
  const path = join(scratch(), 'a', 'b');
  makeDataDirectory(path);
  makeDataDirectory(path);
  expect(statSync(path).mode & 0o777).toBe(0o700);
});

test.each([
  ['a file', (file: string) => file, 'there is a file of this name'],
  ['something below a file', (file: string) => join(file, 'data'), 'a part of the path is not a directory'],
  ['where nothing can be made', () => '/proc/data/crush', 'there is no such file'],
])('%s is refused in a sentence', (_what, pathOf, reason) => {
  const file = join(scratch(), 'file');
  writeFileSync(file, '');
  const path = pathOf(file);
  expect(() => makeDataDirectory(path)).toThrow(`the data directory ${path} cannot be made: ${reason}`);
});
