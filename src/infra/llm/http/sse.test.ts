import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createSseNormalizer } from './sse.ts';

function normalize(...chunks: string[]): string {
  const normalizer = createSseNormalizer((payload) => payload);
  return chunks.map((chunk) => normalizer.push(chunk)).join('') + normalizer.flush();
}

describe('createSseNormalizer', () => {
  test.each([
    ['CRLF', 'data: {"a":1}\r\n\r\n'],
    ['spaces behind the payload', 'data: {"a":1}   \n\n'],
    ['no space before the payload', 'data:{"a":1}\n\n'],
    ['comments', ': ping\n\ndata: {"a":1}\n: ping\n\n'],
    ['other fields', 'id: 7\nretry: 3\nevent: x\ndata: {"a":1}\n\n'],
    ['a missing empty line', 'data: {"a":1}\ndata: [DONE]\n'],
    ['a missing last line end', 'data: {"a":1}'],
    ['[DONE] with spaces', 'data: {"a":1}\n\ndata: [DONE] \n\n'],
    ['empty data', 'data:\n\ndata: {"a":1}\n\ndata: \n\n'],
    ['JSON without a field name', '{"a":1}\n'],
  ])('reads %s', (_name, input) => {
    expect(normalize(input)).toBe('data: {"a":1}\n\n');
  });

  test('joins a payload that is spread over several data lines', () => {
    expect(normalize('data: {\ndata:  "a": 1\ndata: }\n\n')).toBe('data: {\n"a": 1\n}\n\n');
  });

  test('drops a payload that was cut', () => {
    expect(normalize('data: {"a":1}\n\ndata: {"b":{"c":1}')).toBe('data: {"a":1}\n\n');
  });

  test('does not care where the chunks are cut', () => {
    const input = ': hi\r\ndata: {"a":"x y"}  \r\n\r\nevent: e\ndata: {"b":2}\n\ndata: [DONE]\n\n';
    const whole = normalize(input);
    fc.assert(
      fc.property(fc.array(fc.nat(input.length)), (cuts) => {
        const at = [0, ...cuts.sort((a, b) => a - b), input.length];
        const chunks = at.slice(1).map((end, index) => input.slice(at[index], end));
        expect(normalize(...chunks)).toBe(whole);
      }),
    );
  });

  test('tells the mender the name of the event', () => {
    const events: string[] = [];
    const normalizer = createSseNormalizer((payload, event) => {
      events.push(event);
      return payload;
    });
    normalizer.push('event: error\ndata: {"a":1}\n\ndata: {"b":1}\n\n');
    expect(events).toEqual(['error', '']);
    expect(normalizer.events()).toBe(2);
  });

  test('refuses a line without end', () => {
    const normalizer = createSseNormalizer((payload) => payload);
    expect(() => normalizer.push('x'.repeat(17 * 1024 * 1024))).toThrow('too long');
  });
});
