import { expect, test } from 'vitest';
import { mendInput } from './call-input.ts';

test.each([
  ['', '{}'],
  [' ', '{}'],
  ['null', '{}'],
  ['""', '{}'],
  ['{"a": 1}', '{"a": 1}'],
  ['{}{"a":1}', '{"a":1}'],
  ['{} {} {"a":1}', '{"a":1}'],
  ['""{"a":1}', '{"a":1}'],
  ['{"a":1}{"a":1}', '{"a":1}'],
  ['"{\\"a\\":1}"', '{"a":1}'],
  [JSON.stringify(JSON.stringify('{"a":1}')), '{"a":1}'],
  ['```json\n{"a":1}\n```', '{"a":1}'],
  ['{"a":', '{"a":'],
  ['[1]', '[1]'],
  ['"words"', '"words"'],
])('%s means %s', (given, expected) => {
  expect(mendInput(given)).toBe(expected);
});
