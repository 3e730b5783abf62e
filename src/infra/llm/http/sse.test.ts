import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { MAX_EVENT_CHARS } from '../limits.ts';
import { createSseReader } from './sse.ts';

function read(...chunks: string[]): string[] {
  const reader = createSseReader();
  return [...chunks.flatMap((chunk) => reader.push(chunk)), ...reader.flush()].map(({ data }) => data);
}

describe('createSseReader', () => {
  test.each([
    ['CRLF', 'data: {"a":1}\r\n\r\n'],
    ['spaces behind the payload', 'data: {"a":1}   \n\n'],
    ['no space before the payload', 'data:{"a":1}\n\n'],
    ['comments', ': ping\n\ndata: {"a":1}\n: ping\n\n'],
    ['other fields', 'id: 7\nretry: 3\nevent: x\ndata: {"a":1}\n\n'],
    ['CR alone', 'data: {"a":1}\r\r'],
    ['a missing empty line', 'data: {"a":1}\n'],
    ['a missing last line end', 'data: {"a":1}'],
    ['empty data', 'data:\n\ndata: {"a":1}\n\ndata: \n\n'],
    ['JSON without a field name', '{"a":1}\n'],
  ])('reads %s', (_name, input) => {
    expect(read(input)).toEqual(['{"a":1}']);
  });

  test.each([
    'data: {"a":1}\ndata: [DONE]\n',
    'data: {"a":1}\n\ndata: [DONE] \n\n',
    'data: {"a":1}\n\ndata: [DONE]',
  ])('hands the end on: %j', (input) => {
    expect(read(input)).toEqual(['{"a":1}', '[DONE]']);
  });

  test('gives a payload as soon as its line is there', () => {
    expect(createSseReader().push('data: {"a":1}\n')).toEqual([{ data: '{"a":1}', event: '' }]);
  });

  test('reads JSON that goes over several lines, and many objects', () => {
    const pretty = JSON.stringify({ a: { b: [1] } }, null, 2);
    expect(read(`${pretty}\n`).map((text) => JSON.parse(text))).toEqual([{ a: { b: [1] } }]);
    expect(read(`${pretty}\n{"c":1}\n${pretty}`)).toHaveLength(3);
  });

  test('joins a payload that is spread over several data lines', () => {
    expect(read('data: {\ndata:  "a": 1\ndata: }\n\n')).toEqual(['{\n"a": 1\n}']);
  });

  test('drops a payload that was cut', () => {
    expect(read('data: {"a":1}\n\ndata: {"b":{"c":1}')).toEqual(['{"a":1}']);
  });

  test('does not care where the chunks are cut', () => {
    const input = ': hi\r\ndata: {"a":"x y"}  \r\n\r\nevent: e\ndata: {"b":2}\n\ndata: [DONE]\n\n';
    const whole = read(input);
    fc.assert(
      fc.property(fc.array(fc.nat(input.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), input.length];
        const chunks = at.slice(1).map((end, index) => input.slice(at[index], end));
        expect(read(...chunks)).toEqual(whole);
      }),
    );
  });

  test('tells the name of the event', () => {
    const payloads = createSseReader().push('event: error\ndata: {"a":1}\n\ndata: {"b":1}\n\n');
    expect(payloads.map(({ event }) => event)).toEqual(['error', '']);
  });

  test('refuses a line without end', () => {
    const reader = createSseReader();
    expect(() => reader.push('x'.repeat(MAX_EVENT_CHARS + 1))).toThrow('too long');
  });

  test('reads a line that comes byte by byte, and refuses one without end', () => {
    const payload = JSON.stringify({ a: 'x'.repeat(50_000) });
    expect(read(...`data: ${payload}\n`)).toEqual([payload]);
    const reader = createSseReader();
    reader.push('x'.repeat(MAX_EVENT_CHARS - 1000));
    expect(() => {
      for (let bytes = 0; bytes < 2000; bytes += 1) reader.push('x');
    }).toThrow('too long');
  });

  test('refuses a payload of too many lines', () => {
    const reader = createSseReader();
    const lines = `data: ${'x'.repeat(1000)}\n`.repeat(1000);
    expect(() => {
      for (let size = 0; size <= MAX_EVENT_CHARS; size += 1_000_000) reader.push(lines);
    }).toThrow('too long');
  });
});
