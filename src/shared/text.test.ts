import fc from 'fast-check';
import { expect, test } from 'vitest';
import { truncate, truncateStart, withoutHalfPair } from './text.ts';

const text = fc.string({ unit: fc.constantFrom('a', 'é', '😀', '\n'), maxLength: 20 });

test('a cut never splits a surrogate pair and takes no more than it must', () => {
  fc.assert(
    fc.property(text, fc.nat(25), (all, max) => {
      const start = truncate(all, max);
      const end = truncateStart(all, max);
      expect(all.startsWith(start)).toBe(true);
      expect(all.endsWith(end)).toBe(true);
      for (const part of [start, end]) {
        expect(part.length).toBeLessThanOrEqual(max);
        expect(part.length).toBeGreaterThanOrEqual(Math.min(all.length, max) - 1);
        expect(part.isWellFormed?.() ?? Buffer.from(part).toString() === part).toBe(true);
      }
    }),
  );
});

test('only half of a pair is taken off the end', () => {
  expect(withoutHalfPair('a😀'.slice(0, 2))).toBe('a');
  expect(withoutHalfPair('a😀')).toBe('a😀');
  expect(withoutHalfPair('')).toBe('');
});
