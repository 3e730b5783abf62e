import { expect, test } from 'vitest';
import { editText } from './edit-text.ts';

test('an edit replaces the one occurrence as it stands', () => {
  expect(editText('a $1 b', { from: '$1', to: '$&$$', all: false })).toEqual({ text: 'a $&$$ b', count: 1 });
});

test('an edit of several occurrences has to be asked for', () => {
  expect(() => editText('aXbX', { from: 'X', to: '-', all: false })).toThrow(/2 times/);
  expect(editText('aXbX', { from: 'X', to: '-', all: true })).toEqual({ text: 'a-b-', count: 2 });
});

test('an edit that finds nothing is an error', () => {
  expect(() => editText('abc', { from: 'x', to: 'y', all: true })).toThrow(/not in the file/);
});
