import { expect, test } from 'vitest';
import { truncateMiddle } from './output.ts';

test('a text within the limit stays as it is', () => {
  expect(truncateMiddle('abc', 3)).toBe('abc');
});

test('a long text keeps both ends and says how many lines are missing', () => {
  const text = Array.from({ length: 1000 }, (_, index) => `line ${index}`).join('\n');
  const cut = truncateMiddle(text, 200);
  expect(cut.startsWith('line 0\n')).toBe(true);
  expect(cut.endsWith('line 999')).toBe(true);
  const missing = Number(/\[(\d+) lines truncated\]/.exec(cut)?.[1]);
  expect(missing).toBeGreaterThan(950);
  expect(cut.length).toBeLessThan(260);
});

test('surrogate pairs are not split at either cut', () => {
  const cut = truncateMiddle('😀'.repeat(100), 51);
  expect(Buffer.from(cut).toString()).toBe(cut);
});
