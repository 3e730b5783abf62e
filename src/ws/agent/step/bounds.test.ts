import fc from 'fast-check';
import { expect, test } from 'vitest';
import { boundObject, boundText } from './bounds.ts';

const text = fc
  .tuple(fc.constantFrom('x', 'é', '漢', '😀', '"', '\u0000'), fc.nat(3000))
  .map(([unit, count]) => unit.repeat(count));

test('a text stays within its bytes, without half a character, and says what is missing', () => {
  fc.assert(
    fc.property(text, fc.integer({ min: 10, max: 4000 }), (given, max) => {
      const bound = boundText(given, max);
      if (Buffer.byteLength(given) <= max) {
        expect(bound).toBe(given);
        return;
      }
      const kept = bound.slice(0, bound.lastIndexOf('\n[Cut here'));
      expect(given.startsWith(kept)).toBe(true);
      expect(Buffer.byteLength(kept)).toBeLessThanOrEqual(max);
      expect(bound.isWellFormed()).toBe(true);
    }),
  );
});

test('an object of any shape stays within its bytes', () => {
  const value = fc.dictionary(fc.string({ maxLength: 20 }), fc.oneof(text, fc.array(text), fc.jsonValue()));
  fc.assert(
    fc.property(value, fc.integer({ min: 100, max: 20_000 }), (given, max) => {
      const { value: bound, json } = boundObject(given, max);
      expect(Buffer.byteLength(json)).toBeLessThanOrEqual(max);
      expect(JSON.parse(json)).toEqual(JSON.parse(JSON.stringify(bound)));
      if (Buffer.byteLength(JSON.stringify(given)) > max) expect(bound.truncated).toBe(true);
    }),
  );
});

test('only the long texts of an object are cut', () => {
  const { value } = boundObject({ path: 'a', old: 'x'.repeat(5000), rows: [1, 2] }, 1000);
  expect(value).toMatchObject({ path: 'a', rows: [1, 2], truncated: true });
  expect(String(value.old)).toMatch(/^x+…$/);
});
