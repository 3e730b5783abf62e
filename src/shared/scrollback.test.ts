import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createScrollback } from './scrollback.ts';

test('keeps the end of any stream, at its positions', () => {
  const pieces = fc.array(fc.uint8Array({ maxLength: 90_000 }), { maxLength: 8 });
  fc.assert(
    fc.property(pieces, fc.nat({ max: 100_000 }), fc.nat({ max: 100_000 }), (chunks, skip, length) => {
      const scrollback = createScrollback(64 * 1024);
      for (const chunk of chunks) scrollback.push(Buffer.from(chunk));
      const all = Buffer.concat(chunks);
      expect(scrollback.end()).toBe(all.length);
      expect(scrollback.start()).toBeLessThanOrEqual(Math.max(0, all.length - 16 * 1024));
      expect(all.length - scrollback.start()).toBeLessThanOrEqual(64 * 1024);
      const from = Math.min(all.length, scrollback.start() + skip);
      expect(scrollback.read(from, length).equals(all.subarray(from, from + length))).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('keeps as much as it may before it forgets', () => {
  const scrollback = createScrollback(64 * 1024);
  for (let piece = 0; piece < 64; piece++) scrollback.push(Buffer.alloc(1024, piece));
  expect(scrollback.start()).toBe(0);
  scrollback.push(Buffer.from('x'));
  expect(scrollback.start()).toBe(1);
});

test('a newcomer begins at the first whole line', () => {
  const scrollback = createScrollback(16);
  scrollback.push(Buffer.from('one\n'));
  expect(scrollback.firstLine()).toBe(0);
  scrollback.push(Buffer.from('two\nthree\nfour\nfive\n'));
  expect(scrollback.read(scrollback.firstLine(), 16).toString()).toBe('four\nfive\n');
  scrollback.push(Buffer.from('no line at all here'));
  expect(scrollback.firstLine()).toBe(scrollback.start());
});
