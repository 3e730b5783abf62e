import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOutputBuffer } from './output-buffer.ts';

test('a short output is kept whole, whatever its pieces', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ maxLength: 10 }), { maxLength: 20 }), (pieces) => {
      const buffer = createOutputBuffer(200);
      for (const piece of pieces) buffer.push(piece);
      return !buffer.dropped() && buffer.head() + buffer.tail() === pieces.join('');
    }),
  );
});

test('a long output keeps both ends and counts the lines between', () => {
  const buffer = createOutputBuffer(100);
  const lines = Array.from({ length: 1000 }, (_, at) => `line ${at}\n`);
  for (const line of lines) buffer.push(line);
  const kept = buffer.head() + buffer.tail();
  expect(kept.startsWith('line 0\n')).toBe(true);
  expect(kept.endsWith('line 999\n')).toBe(true);
  expect(kept.length).toBeLessThanOrEqual(200);
  const shown = kept.split('\n').length - 1;
  expect(buffer.droppedLines() + shown).toBe(1000);
});
