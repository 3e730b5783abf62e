import { expect, test } from 'vitest';
import { isObjectName, isRefName } from './git-ref-name.ts';

test.each(['main', 'feature/a-b', 'v1.2.3', 'refs/pull/1/head', 'ünïcode', 'a@b', 'HEAD'])(
  'the ref name %s is taken',
  (name) => expect(isRefName(name)).toBe(true),
);

test.each([
  '',
  '@',
  '-main',
  '--upload-pack=sh',
  'a..b',
  'a b',
  'a~1',
  'a^',
  'a:b',
  'a?b',
  'a*b',
  'a[b',
  'a\\b',
  'a@{1}',
  '/a',
  'a/',
  'a//b',
  '.a',
  'a/.b',
  'a.lock',
  'a.lock/b',
  'a.',
  'a\nb',
  'a\0b',
  'a\u202eb',
  'x'.repeat(251),
])('the ref name %j is refused', (name) => expect(isRefName(name)).toBe(false));

test('only whole object names in lower case are object names', () => {
  expect(isObjectName('0123456789abcdef0123456789abcdef01234567')).toBe(true);
  expect(isObjectName('a'.repeat(64))).toBe(true);
  for (const text of ['a'.repeat(39), 'A'.repeat(40), `${'a'.repeat(40)}\n`]) {
    expect(isObjectName(text)).toBe(false);
  }
});
