import fc from 'fast-check';
import { expect, test } from 'vitest';
import { applyEdit } from './apply-edit.ts';

test('a unique text is replaced', () => {
  expect(applyEdit('a b c', { old_string: 'b', new_string: 'x' })).toEqual({ ok: true, text: 'a x c' });
});

test('a text that occurs twice is refused unless all are meant', () => {
  expect(applyEdit('b b', { old_string: 'b', new_string: 'x' }).ok).toBe(false);
  expect(applyEdit('b b', { old_string: 'b', new_string: 'x', replace_all: true })).toMatchObject({
    text: 'x x',
  });
});

test('overlapping occurrences count as two', () => {
  expect(applyEdit('aaa', { old_string: 'aa', new_string: 'b' }).ok).toBe(false);
});

test('patterns of replacement functions have no meaning', () => {
  expect(applyEdit('a b', { old_string: 'b', new_string: '$& $1 $$' })).toMatchObject({ text: 'a $& $1 $$' });
});

test('lines that differ in white space are found and the replacement takes their indentation', () => {
  const text = 'function f() {\n\tif (x) {\n\t\treturn 1;\n\t}\n}\n';
  const applied = applyEdit(text, {
    old_string: '  if (x) {\n    return 1;\n  }',
    new_string: '  if (x) {\n    return 2;\n  }',
  });
  expect(applied).toMatchObject({ ok: true, text: 'function f() {\n\tif (x) {\n\t\treturn 2;\n\t}\n}\n' });
  expect(applied.ok && applied.note).toContain('white space');
});

test('two loose matches are refused', () => {
  expect(applyEdit(' a\n  a\n', { old_string: '\ta', new_string: 'b' }).ok).toBe(false);
});

test('a near miss is shown with its white space made visible', () => {
  const applied = applyEdit('one\n\ttwo\nthree\n', { old_string: 'one\ntwo\nfour\n', new_string: '' });
  expect(applied.ok ? '' : applied.error).toContain('line 1');
  expect(applied.ok ? '' : applied.error).toContain('→two');
});

test('an exact edit changes nothing but the place it names', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), fc.string(), (a, b, c, d) => {
      const text = a + b + c;
      const applied = applyEdit(text, { old_string: b, new_string: d });
      return (
        !applied.ok ||
        applied.note !== undefined ||
        b.includes('\r') ||
        d.includes('\r') ||
        applied.text === a + d + c
      );
    }),
  );
});
