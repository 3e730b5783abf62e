import fc from 'fast-check';
import { expect, test } from 'vitest';
import { terminalText } from './terminal-text.ts';

test.each([
  ['plain text\n\tstays é 😀', 'plain text\n\tstays é 😀'],
  ['\u001b[1;31merror\u001b[0m: x', 'error: x'],
  ['\u001b[38;2;1;2;3mred\u001b[39m\u001b[K', 'red'],
  ['\u001b]0;title\u0007text', 'text'],
  ['\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\', 'link'],
  ['\u001b(B\u001b[mx\u001b=\u001b>\u001b7\u001b8\u001bM', 'x'],
  ['\u009b31mx', 'x'],
  ['10%\r50%\r100%\ndone\n', '100%\ndone\n'],
  ['a\r\nb\r\n', 'a\nb\n'],
  ['working…\r        \rdone\n', 'done\n'],
  ['working…\r        \r\nnext', '\nnext'],
  ['\u001b[2K\rstep 1\u001b[2K\rstep 2\n', 'step 2\n'],
  ['ab\bc\b\bd', 'd'],
  ['bell\u0007 nul\u0000', 'bell nul'],
  ['cut \u001b[3', 'cut '],
  ['cut \u001b', 'cut '],
])('%j is seen as %j', (raw, seen) => {
  expect(terminalText(raw)).toBe(seen);
});

test('no escape and no control character is left, and other lines stay', () => {
  const piece = fc.constantFrom(
    'a',
    'é',
    '😀',
    '\n',
    '\t',
    '\r',
    '\b',
    '\u001b',
    '[',
    '31',
    'm',
    ']',
    '\u0007',
    '\\',
    '(',
  );
  fc.assert(
    fc.property(fc.string({ unit: piece, maxLength: 60 }), (raw) => {
      const seen = terminalText(raw);
      expect(seen).toMatch(/^[\P{Cc}\t\n]*$/u);
      if (/^[\P{Cc}\t\n]*$/u.test(raw)) expect(seen).toBe(raw);
    }),
  );
});

test.each(['\u001b[', '\u001b]', '\u001b[3;', '\r', '\b', 'a\r', '\u001b(', '\u001b]a\u001b'])(
  'a flood of %j takes time in proportion to its length',
  (piece) => {
    const seen = terminalText(piece.repeat(200_000));
    expect(seen.length).toBeLessThanOrEqual(400_000);
  },
);
