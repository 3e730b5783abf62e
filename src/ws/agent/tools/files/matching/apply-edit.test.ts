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

const apply = (text: string, old_string: string, new_string: string, more: object = {}) => {
  const applied = applyEdit(text, { old_string, new_string, ...more });
  return applied.ok ? applied.text : applied.error;
};

test.each([
  ['other lines keep their ends', 'a\r\nb\nc\n', 'c', 'x', 'a\r\nb\nx\n'],
  ['a new line ends like the one it follows', 'a\r\nb\r\n', 'a', 'a\nx', 'a\r\nx\r\nb\r\n'],
  ['in a mixed file it ends like its neighbour', 'a\nb\r\nc\n', 'b', 'b\nx', 'a\nb\r\nx\r\nc\n'],
  ['lines that stay keep their ends', 'a\r\nb\nc\r\nd\n', 'a\nb\nc\nd', 'A\nb\nc\nD', 'A\r\nb\nc\r\nD\n'],
  ['also when lines are added', 'a\r\nb\nc\r\nd\n', 'a\nb\nc', 'A\nb\nn\nC', 'A\r\nb\nn\r\nC\r\nd\n'],
  ['CRLF in the call does not matter', 'a\nb\n', 'a\r\nb', 'x\r\ny', 'x\ny\n'],
  ['a lone CR is a character', 'a\rb\n', 'b', 'c', 'a\rc\n'],
  ['the last line end is found', 'a\r\nb', 'b', 'b\nc', 'a\r\nb\r\nc'],
  ['a text of one line takes the ends of the call', 'a', 'a', 'a\r\nb', 'a\r\nb'],
  ['a line is deleted with its end', 'a\r\nb\r\nc', 'b\n', '', 'a\r\nc'],
  ['a mark at the beginning stays', '\ufeffa\r\nb\r\n', 'a\nb', 'x\ny', '\ufeffx\r\ny\r\n'],
  ['a mark may be in the call', '\ufeffa\n', '\ufeffa', '\ufeffb', '\ufeffb\n'],
  ['line ends can be what is changed', 'a\r\nb\r\n', 'a\r\n', 'a\n', 'a\nb\r\n'],
])('%s', (_, text, old_string, new_string, expected) => {
  expect(apply(text, old_string, new_string)).toBe(expected);
});

test('each of many occurrences takes the ends of its place', () => {
  expect(apply('k\r\nx\nk\n', 'k', 'k\nm', { replace_all: true })).toBe('k\r\nm\r\nx\nk\nm\n');
});

test('an outcome that is out of proportion is refused', () => {
  const replaced = apply('a'.repeat(100_000), 'a', 'b'.repeat(1000), { replace_all: true });
  expect(replaced).toContain('too large');
});

const lineEnd = fc.constantFrom('\n', '\r\n');
const word = fc.string({ unit: fc.constantFrom('a', 'b', ' ', 'é', '😀', '\t'), maxLength: 4 });
const line = fc.tuple(word, lineEnd).map((parts) => parts.join(''));
const text = fc.array(line, { maxLength: 6 }).map((lines) => lines.join(''));
const mark = fc.constantFrom('', '\ufeff');

test('what stands around the matched text is left byte for byte', () => {
  fc.assert(
    fc.property(mark, text, fc.uuid(), text, fc.array(word), (bom, before, unique, after, fresh) => {
      const edit = { old_string: unique, new_string: fresh.join('\n') };
      const applied = applyEdit(bom + before + unique + after, edit);
      fc.pre(applied.ok);
      const all = applied.ok ? applied.text : '';
      expect(all.startsWith(bom + before)).toBe(true);
      expect(all.endsWith(after)).toBe(true);
      const middle = all.slice((bom + before).length, all.length - after.length);
      expect(middle.replaceAll('\r\n', '\n')).toBe(edit.new_string);
    }),
  );
});

test('an edit that names lines with LF changes only the line that differs', () => {
  fc.assert(
    fc.property(mark, fc.array(line, { minLength: 1, maxLength: 8 }), fc.nat(), (bom, lines, pick) => {
      const at = pick % lines.length;
      const marked = lines.map((old, index) => (index === at ? `<${old}` : old));
      const expected = lines.map((old, index) => (index === at ? `>${old}` : old)).join('');
      const old_string = marked.join('').replaceAll('\r\n', '\n');
      const applied = applyEdit(bom + marked.join(''), {
        old_string,
        new_string: old_string.replace('<', '>'),
      });
      expect(applied).toMatchObject({ ok: true, text: bom + expected });
    }),
  );
});

test('a text of one kind of line ends stays one', () => {
  fc.assert(
    fc.property(
      fc.array(word, { minLength: 1 }),
      fc.uuid(),
      fc.array(word),
      lineEnd,
      (lines, unique, fresh, end) => {
        const before = [...lines, unique, ...lines, ''].join(end);
        const applied = applyEdit(before, { old_string: unique, new_string: fresh.join('\n') });
        const all = applied.ok ? applied.text : '';
        const others = end === '\n' ? all.includes('\r') : all.replaceAll('\r\n', '').includes('\n');
        expect(others).toBe(false);
      },
    ),
  );
});

test('an exact edit changes nothing but the place it names', () => {
  fc.assert(
    fc.property(fc.string(), fc.string({ minLength: 1 }), fc.string(), fc.string(), (a, b, c, d) => {
      const all = a + b + c;
      const applied = applyEdit(all, { old_string: b, new_string: d });
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
