import { expect, test } from 'vitest';
import { storableJson, storableText } from './storable.ts';

test('text keeps everything but NUL', () => {
  expect(storableText('a\0b\u{1f600}\n')).toBe('a\ufffdb\u{1f600}\n');
});

test('JSON keeps text that only looks like an escape', () => {
  const value = { text: 'C:\\u0000 and \\ud800' };
  expect(JSON.parse(storableJson(value))).toEqual(value);
});

test('JSON replaces NUL and half pairs in values, lists and keys', () => {
  const value = { 'k\0': ['\ud800x', { deep: '\udc00\0' }], n: 1, none: null, pair: '\ud83d\ude00' };
  expect(JSON.parse(storableJson(value))).toEqual({
    'k\ufffd': ['\ufffdx', { deep: '\ufffd\ufffd' }],
    n: 1,
    none: null,
    pair: '\ud83d\ude00',
  });
});

test('what JSON cannot express is stored as null', () => {
  expect(storableJson(undefined)).toBe('null');
});
