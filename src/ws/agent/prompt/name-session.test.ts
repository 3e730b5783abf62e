import { expect, test } from 'vitest';
import { watchEventLoop } from '../../../../test/harness/loop-watch.ts';
import { cleanTitle } from './name-session.ts';

test.each([
  ['<think>\nhm</think>\n"Fix the parser"', 'Fix the parser'],
  ['A\n  title', 'A title'],
  ['<think></think>', ''],
  ['x'.repeat(500), 'x'.repeat(100)],
])('%j becomes %j', (text, title) => {
  expect(cleanTitle(text)).toBe(title);
});

test('a title of nothing but quotes and thoughts is cut in no time', () => {
  const watch = watchEventLoop();
  cleanTitle(`${'"'.repeat(60_000)}x`);
  cleanTitle('<think>'.repeat(9_000));
  expect(watch.stop()).toBeLessThan(100);
});
