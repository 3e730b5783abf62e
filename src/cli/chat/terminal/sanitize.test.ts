import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { revealText } from '#shared/visible-text.ts';
import { revealLine, sanitizeOutput, sanitizeText } from './sanitize.ts';

const hostile = fc.string({
  unit: fc.oneof(
    fc.constantFrom(
      '\u001b',
      '\u009b',
      '\u0007',
      '\r',
      '\n',
      '\t',
      '[',
      ']',
      'm',
      '\u202e',
      '\u2066',
      '\u200b',
      '\u{e0041}',
      '😀',
    ),
    fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
  ),
});
// biome-ignore lint/suspicious/noControlCharactersInRegex: control characters are what it looks for
const STEERING = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f\u202a-\u202e\u2066-\u2069\u{e0000}-\u{e007f}]/u;

describe('sanitising', () => {
  it('lets no control, escape or bidirectional character through, in any form', () => {
    fc.assert(
      fc.property(hostile, (text) => {
        for (const clean of [sanitizeText, sanitizeOutput, revealText, revealLine]) {
          expect(clean(text)).not.toMatch(STEERING);
        }
        expect(revealLine(text)).not.toMatch(/[\n\t]/);
      }),
    );
  });

  it('gives the same text whether a stream is cleaned in chunks or as a whole', () => {
    fc.assert(
      fc.property(fc.array(hostile), (chunks) => {
        expect(chunks.map(sanitizeText).join('')).toBe(sanitizeText(chunks.join('')));
      }),
    );
  });

  it('shows escape sequences in running text instead of obeying them', () => {
    expect(sanitizeText('a\u001b]0;title\u0007b\u009b31m')).toBe('a␛]0;title␇b<U+009B>31m');
  });

  it('keeps newlines, tabs and joined emoji in running text', () => {
    expect(sanitizeText('a\n\tb 👩\u200d💻')).toBe('a\n\tb 👩\u200d💻');
  });

  it('drops colours and overwritten lines from program output', () => {
    expect(sanitizeOutput('\u001b[1;31mred\u001b[0m\r\n10%\r50%\r100%\rdone\r\nend')).toBe('red\ndone\nend');
    expect(sanitizeOutput('\u001b]8;;http://x\u001b\\link\u001b]8;;\u001b\\')).toBe('link');
  });

  it('makes hidden characters visible in what is to be approved', () => {
    expect(revealText('rm\u202e -rf\u200b \u2066x\u200d')).toBe('rm<U+202E> -rf<U+200B> <U+2066>x<U+200D>');
    expect(revealLine('a\nb\tc')).toBe('a␊b␉c');
  });
});
