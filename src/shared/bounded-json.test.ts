import fc from 'fast-check';
import { expect, test } from 'vitest';
import { FOREIGN_JSON, isWithin, JsonTooComplex, parseForeignJson } from './bounded-json.ts';

test('parses what JSON.parse parses', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 6 }), (value) => {
      const text = JSON.stringify(value);
      expect(parseForeignJson(text)).toEqual(JSON.parse(text));
    }),
  );
});

test('brackets, commas and escaped quotes in strings are no structure', () => {
  const text = JSON.stringify({ 'a"[{,': `${'[{,:"\\'.repeat(1000)}` });
  expect(isWithin(text, { maxDepth: 1, maxItems: 4 })).toBe(true);
});

test.each([
  ['arrays', '['.repeat(500_000)],
  ['objects', '{"a":'.repeat(200_000)],
  ['many values', `[${'1,'.repeat(500_000)}1]`],
  ['many keys', `{${'"":1,'.repeat(200_000)}"":1}`],
])('refuses %s without building anything of them', (_name, text) => {
  expect(() => parseForeignJson(text)).toThrow(JsonTooComplex);
});

test('what it accepts can be written again', () => {
  const text = '['.repeat(FOREIGN_JSON.maxDepth) + ']'.repeat(FOREIGN_JSON.maxDepth);
  expect(JSON.stringify(parseForeignJson(text))).toBe(text);
});

test('text that is no JSON is a SyntaxError', () => {
  expect(() => parseForeignJson('{')).toThrow(SyntaxError);
  expect(() => parseForeignJson(`"${'x'.repeat(1000)}`)).toThrow(SyntaxError);
});
