import { expect, test } from 'vitest';
import { readAnswer } from './backend-messages.ts';

function message(kind: string, ...parts: Array<string | number[]>): Buffer {
  const body = Buffer.concat(
    parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))),
  );
  const length = Buffer.alloc(4);
  length.writeUInt32BE(body.length + 4);
  return Buffer.concat([Buffer.from(kind), length, body]);
}

const SHORT = [0, 0];
const LONG = [0, 0, 0, 0];

test('an answer has its columns, its rows with nulls and any character, and its tag', () => {
  const column = ['grüße\0', [...LONG, ...SHORT], [0, 0, 0x0e, 0xda], [...SHORT, ...LONG, ...SHORT]];
  const bytes = Buffer.concat([
    message('1'),
    message('T', [0, 1], ...column),
    message('2'),
    message('D', [0, 2], [0, 0, 0, 4], '😀', [255, 255, 255, 255]),
    message('D', [0, 2], LONG, [0, 0, 0, 1], 'x'),
    message('C', 'SELECT 2\0'),
    message('Z', 'I'),
  ]);
  expect(readAnswer(bytes)).toEqual({
    parsed: true,
    columns: [{ name: 'grüße', type: 3802 }],
    rows: [
      ['😀', null],
      ['', 'x'],
    ],
    tag: 'SELECT 2',
    error: null,
  });
});

test('the first error of an answer is kept whole, and notices are passed over', () => {
  const error = message('E', 'SERROR\0C23505\0\0');
  const bytes = Buffer.concat([
    message('N', 'SNOTICE\0\0'),
    error,
    message('E', 'SERROR\0C25P02\0\0'),
    message('Z', 'E'),
  ]);
  const answer = readAnswer(bytes);
  expect(answer.error?.equals(error)).toBe(true);
  expect(answer).toMatchObject({ parsed: false, columns: null, rows: [], tag: '' });
});

test('an empty answer is none', () => {
  expect(readAnswer(Buffer.alloc(0))).toMatchObject({ rows: [], tag: '', error: null });
});
