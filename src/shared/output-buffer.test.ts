import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createOutputBuffer } from './output-buffer.ts';

test('output within the limit is kept whole, however it is cut into pieces', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'grapheme', maxLength: 200 }), fc.array(fc.nat(30)), (text, cuts) => {
      const buffer = createOutputBuffer(4096);
      const bytes = Buffer.from(text);
      let at = 0;
      for (const cut of cuts) {
        buffer.push(bytes.subarray(at, at + cut));
        at += cut;
      }
      buffer.push(bytes.subarray(at));
      expect(buffer.text()).toBe(text);
      expect(buffer.truncatedBytes()).toBe(0);
    }),
  );
});

test('longer output keeps its head and its tail and counts the rest', () => {
  fc.assert(
    fc.property(fc.integer({ min: 101, max: 5000 }), fc.integer({ min: 1, max: 700 }), (length, piece) => {
      const all = Array.from({ length }, (_, index) => String.fromCharCode(97 + (index % 26))).join('');
      const buffer = createOutputBuffer(100);
      for (let at = 0; at < length; at += piece) buffer.push(Buffer.from(all.slice(at, at + piece)));
      expect(buffer.truncatedBytes()).toBe(length - 100);
      expect(buffer.text()).toBe(
        `${all.slice(0, 50)}\n[… ${length - 100} bytes left out …]\n${all.slice(-50)}`,
      );
    }),
  );
});

test('a character that the cut goes through is left out on both sides', () => {
  const buffer = createOutputBuffer(10);
  buffer.push(Buffer.from('a€€€€€€b'));
  expect(buffer.text()).toBe('a€\n[… 10 bytes left out …]\n€b');
});

test('bytes that are not UTF-8 become replacement characters', () => {
  const buffer = createOutputBuffer(100);
  buffer.push(Buffer.from([0x61, 0xff, 0x00, 0x62]));
  expect(buffer.text()).toBe('a\ufffd\u0000b');
});

test('the ends tell how many lines are missing, and split no character', () => {
  fc.assert(
    fc.property(fc.array(fc.string({ unit: fc.constantFrom('a', '€', '😀', '\n') })), (pieces) => {
      const buffer = createOutputBuffer(16);
      for (const piece of pieces) buffer.push(Buffer.from(piece));
      const all = pieces.join('');
      const { head, tail, droppedBytes, droppedLines } = buffer.ends();
      expect(all.startsWith(head)).toBe(true);
      expect(all.endsWith(tail)).toBe(true);
      expect(droppedBytes).toBe(Math.max(0, Buffer.byteLength(all) - 16));
      const count = (text: string) => text.split('\n').length - 1;
      expect(count(head) + count(tail) + droppedLines).toBe(count(all));
      expect(all.endsWith(buffer.last(8))).toBe(true);
      expect(Buffer.byteLength(buffer.last(8))).toBeLessThanOrEqual(8);
    }),
  );
});
