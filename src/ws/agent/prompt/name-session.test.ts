import { expect, test } from 'vitest';
import { cleanTitle } from './name-session.ts';

test.each([
  ['<think>\nhm</think>\n"Fix the parser"', 'Fix the parser'],
  ['A\n  title', 'A title'],
  ['<think></think>', ''],
  ['x'.repeat(500), 'x'.repeat(100)],
])('%j becomes %j', (text, title) => {
  expect(cleanTitle(text)).toBe(title);
});
