import { expect, test } from 'vitest';
import { applyEdit } from './apply-edit.ts';

const apply = (text: string, old_string: string, new_string: string) => {
  const applied = applyEdit(text, { old_string, new_string });
  return applied.ok ? applied.text : applied.error;
};

test.each([
  [
    'two spaces for four, one level deeper than any that was named',
    'def f():\n    x = 1\n    return x\n',
    '  x = 1\n  return x',
    '  if a:\n    x = 1\n  return x',
    'def f():\n    if a:\n        x = 1\n    return x\n',
  ],
  [
    'two spaces that are a part of four',
    'def f():\n    x = 1\n    return x\n',
    '  x = 1',
    '  if a:\n    x = 1',
    'def f():\n    if a:\n        x = 1\n    return x\n',
  ],
  [
    'spaces for tabs, one level deeper',
    'def f():\n\tx = 1\n',
    '    x = 1',
    '    if a:\n        x = 1\n    else:\n        x = 2',
    'def f():\n\tif a:\n\t\tx = 1\n\telse:\n\t\tx = 2\n',
  ],
  [
    'tabs for spaces, two levels deeper',
    'if x:\n  y\n',
    '\ty',
    '\tif a:\n\t\tif b:\n\t\t\ty',
    'if x:\n  if a:\n    if b:\n      y\n',
  ],
  [
    'named without the indentation that the place has',
    'class A:\n    def f(self):\n        return 1\n',
    'def f(self):\n    return 1',
    'def f(self):\n    if x:\n        return 2\n    return 1',
    'class A:\n    def f(self):\n        if x:\n            return 2\n        return 1\n',
  ],
  [
    'named without indentation, in steps of two for four',
    'class A:\n    def f(self):\n        return 1\n',
    'def f(self):\n  return 1',
    'def f(self):\n  if x:\n    return 2\n  return 1',
    'class A:\n    def f(self):\n        if x:\n            return 2\n        return 1\n',
  ],
  [
    'one line at the top, in a file of tabs',
    'a  =  1\nif b:\n\tc\n',
    'a = 1',
    'if d:\n    a = 1',
    'if d:\n\ta  =  1\nif b:\n\tc\n'.replace('a  =  1', 'a = 1'),
  ],
  [
    'four for two',
    'function f() {\n  if (x) {\n    g();\n  }\n}\n',
    '    if (x) {\n        g();\n    }',
    '    if (x) {\n        g();\n        if (y) {\n            h();\n        }\n    }',
    'function f() {\n  if (x) {\n    g();\n    if (y) {\n      h();\n    }\n  }\n}\n',
  ],
  [
    'the stars of a comment',
    'class A {\n\t/**\n\t * One.\n\t */\n\tf() {}\n}\n',
    '  /**\n   * One.\n   */',
    '  /**\n   * One.\n   * Two.\n   */',
    'class A {\n\t/**\n\t * One.\n\t * Two.\n\t */\n\tf() {}\n}\n',
  ],
  [
    'blank lines in between',
    'def f():\n\ta\n\n\tb\n',
    '  a\n\n  b',
    '  a\n\n  if c:\n    b',
    'def f():\n\ta\n\n\tif c:\n\t\tb\n',
  ],
])('%s', (_, text, old_string, new_string, expected) => {
  expect(apply(text, old_string, new_string)).toBe(expected);
});

test('lines that are repeated stay as they are in the file', () => {
  expect(apply('x  =  1\ny\t=\t2\n', 'x = 1\ny = 2', 'x = 1\nz = 3\ny = 2')).toBe(
    'x  =  1\nz = 3\ny\t=\t2\n',
  );
});

test('line ends are kept where only white space differs', () => {
  expect(apply('if a:\r\n\tb\r\nc\n', '  b', '  if d:\n    b')).toBe('if a:\r\n\tif d:\r\n\t\tb\r\nc\n');
});

test.each([
  ['lost depths', 'if a:\n    if b:\n        c\n', 'if a:\nif b:\nc', 'if a:\nif b:\nd'],
  ['both kinds of white space', 'def f():\n\tx = 1\n', '    x = 1', '    if a:\n\t\tx = 1'],
  ['less than the least', 'if a:\n    b\n', '        b', 'c\n    d\n        b'],
  ['an alignment', 'if a:\n    f(b,\n      c)\n', '  f(b,\n     c)', '  f(b,\n     c,\n      d)'],
])('%s cannot be translated, and the answer shows the lines', (_, text, old_string, new_string) => {
  const error = apply(text, old_string, new_string);
  expect(error).toContain('cannot be told how new_string has to be indented');
  expect(error).toMatch(/[→·]/);
});
