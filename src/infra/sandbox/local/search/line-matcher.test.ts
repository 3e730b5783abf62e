import { expect, test } from 'vitest';
import { compileLineMatcher } from './line-matcher.ts';

const find = (pattern: string, text: string, literal = false) =>
  [...compileLineMatcher({ pattern, literal })(text)].flat();

test('counts lines and characters from one', () => {
  expect(find('b', 'a\nab\r\nb')).toEqual([
    { line: 2, column: 2, text: 'ab' },
    { line: 3, column: 1, text: 'b' },
  ]);
});

test('takes a literal as it stands', () => {
  expect(find('a.b(', 'axb(\na.b(', true)).toEqual([{ line: 2, column: 1, text: 'a.b(' }]);
});

test('keeps counting over pieces of a long text', () => {
  const text = `${'x\n'.repeat(400_000)}needle\n`;
  expect(find('needle', text)).toEqual([{ line: 400_001, column: 1, text: 'needle' }]);
});

test('ends an expression that explodes', () => {
  const startedAt = performance.now();
  expect(() => find('^(a+)+$', `${'a'.repeat(40)}!`)).toThrow(
    expect.objectContaining({ code: 'invalid_pattern' }),
  );
  expect(performance.now() - startedAt).toBeLessThan(1000);
});
