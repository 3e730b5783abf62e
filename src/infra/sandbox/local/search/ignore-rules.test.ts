import { expect, test } from 'vitest';
import { watchEventLoop } from '../../../../../test/harness/loop-watch.ts';
import { DEFAULT_IGNORE_FILE, parseIgnoreFile } from './ignore-rules.ts';

test.each([
  ['*.log', 'a.log', false, true],
  ['*.log', 'deep/er/a.log', false, true],
  ['/a.log', 'a.log', false, true],
  ['/a.log', 'deep/a.log', false, null],
  ['doc/*.txt', 'doc/a.txt', false, true],
  ['doc/*.txt', 'doc/x/a.txt', false, null],
  ['doc/**/a', 'doc/x/y/a', false, true],
  ['**/a/b', 'x/a/b', true, true],
  ['dir/', 'dir', true, true],
  ['dir/', 'dir', false, null],
  ['a[0-9]', 'a5', false, true],
  ['\\#x', '#x', false, true],
  ['#x', '#x', false, null],
  ['.*', '.env', false, true],
  ['a  ', 'a', false, true],
  ['a\\  ', 'a ', false, true],
  ['a \r', 'a', false, true],
  ['a//', 'a', true, true],
  ['{a,b}', 'a', false, null],
  ['!a', 'a', false, false],
])('%j says about %j (directory: %j) %j', (pattern, path, isDirectory, expected) => {
  expect(parseIgnoreFile(pattern)(path, isDirectory)).toBe(expected);
});

test('the last rule that fits decides', () => {
  const rules = parseIgnoreFile('*.ts\n!keep.ts\nsub/keep.ts\n');
  expect(rules('a.ts', false)).toBe(true);
  expect(rules('keep.ts', false)).toBe(false);
  expect(rules('sub/keep.ts', false)).toBe(true);
});

test('the defaults leave out dependencies, builds and lock files', () => {
  const rules = parseIgnoreFile(DEFAULT_IGNORE_FILE);
  for (const path of ['node_modules', 'a/dist', 'x.pyc', 'package-lock.json'])
    expect(rules(path, false)).toBe(true);
  expect(rules('src/distance.ts', false)).toBeNull();
});

test.each([
  ['blanks', ' '.repeat(250_000)],
  ['slashes', '/'.repeat(250_000)],
  ['tabs in lines', `a${'\t'.repeat(1000)}x\n`.repeat(250)],
  ['many rules', '*a*b*c[x]\n'.repeat(25_000)],
])('a file of %s holds nobody up', (_name, text) => {
  const watch = watchEventLoop();
  const rules = parseIgnoreFile(`a${text}x\nkeep\n`);
  rules('a'.repeat(250), false);
  expect(watch.stop()).toBeLessThan(100);
});
