import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { parseArguments } from './arguments.ts';

const Schema = z.strictObject({
  file_path: z.string().min(1),
  offset: z.number().int().min(0).optional(),
  whole: z.boolean().optional(),
  path: z.string().optional(),
  ignore: z.array(z.string()).optional(),
  edits: z.array(z.strictObject({ old: z.string(), all: z.boolean().optional() })).optional(),
});

const data = (input: unknown) => {
  const parsed = parseArguments(Schema, input);
  return parsed.success ? parsed.data : parsed.problem;
};

describe('is taken in the shape that was meant', () => {
  test.each([
    ['null for an optional parameter', { path: null, offset: null, ignore: null, whole: null }, {}],
    ['the text null where no text is wanted', { offset: 'null' }, {}],
    ['a number as text', { offset: '12' }, { offset: 12 }],
    ['a boolean as text', { whole: 'true' }, { whole: true }],
    ['a list as text', { ignore: '["a","b"]' }, { ignore: ['a', 'b'] }],
    ['a list of objects as text', { edits: '[{"old":"x"}]' }, { edits: [{ old: 'x' }] }],
    ['one object for a list', { edits: { old: 'x' } }, { edits: [{ old: 'x' }] }],
    ['one object as text for a list', { edits: '{"old":"x"}' }, { edits: [{ old: 'x' }] }],
    ['objects as text in a list', { edits: ['{"old":"x"}'] }, { edits: [{ old: 'x' }] }],
    ['one text for a list', { ignore: '*.log' }, { ignore: ['*.log'] }],
    [
      'null and text inside of a list',
      {
        edits: [
          { old: 'x', all: 'true' },
          { old: 'y', all: null },
        ],
      },
      { edits: [{ old: 'x', all: true }, { old: 'y' }] },
    ],
  ])('%s', (_, given, expected) => {
    expect(data({ file_path: 'f', ...given })).toEqual({ file_path: 'f', ...expected });
  });

  test('the whole input as text', () => {
    expect(data('{"file_path":"f","offset":"3"}')).toEqual({ file_path: 'f', offset: 3 });
  });
});

describe('says what was wrong with what was given', () => {
  test.each([
    [{}, 'missing required parameter file_path'],
    [{ file_path: null }, 'file_path: expected string, received null'],
    [{ file_path: 7 }, 'file_path: expected string, received 7'],
    [{ file_path: 'f', offset: 'ten' }, 'offset: expected number, received the text "ten"'],
    [{ file_path: 'f', offset: {} }, 'offset: expected number, received an empty object'],
    [{ file_path: 'f', offset: -1 }, 'offset: too small: expected number to be >=0, received -1'],
    [{ file_path: 'f', whole: 'yes' }, 'whole: expected boolean, received the text "yes"'],
    [{ file_path: 'f', edits: 'x' }, 'edits: expected array, received the text "x"'],
    [{ file_path: 'f', edits: [{ all: true }] }, 'missing required parameter edits[0].old'],
    [{ file_path: 'f', edits: [{ old: [] }] }, 'edits[0].old: expected string, received a list of 0'],
    [{ file_path: 'f', edits: [{ old: '', new: '' }] }, 'unknown parameter new in edits[0]'],
    [{ path: 'f', filePath: 'f' }, 'unknown parameter filePath (known: file_path, offset'],
    [[], 'expected object, received a list of 0'],
  ])('%j', (given, problem) => {
    expect(data(given)).toContain(problem);
    expect(data(given)).toMatch(/^Invalid input: /);
  });

  test('several faults are told together, and a long value is cut', () => {
    const problem = data({ whole: 'x'.repeat(1000), offset: 'y' });
    expect(problem).toContain('file_path');
    expect(problem).toContain('offset');
    expect(String(problem).length).toBeLessThan(400);
  });
});

test('what the schema takes already stays as it is', () => {
  const text = fc.oneof(fc.string(), fc.json());
  const valid = fc.record(
    {
      file_path: text.filter((value) => value !== ''),
      offset: fc.nat(),
      whole: fc.boolean(),
      path: text,
      ignore: fc.array(text),
      edits: fc.array(fc.record({ old: text, all: fc.boolean() }, { requiredKeys: ['old'] })),
    },
    { requiredKeys: ['file_path'] },
  );
  fc.assert(fc.property(valid, (input) => void expect(data(input)).toEqual(input)));
});

test('every part may come as its JSON text', () => {
  const valid = fc.record({
    file_path: fc.constant('f'),
    offset: fc.nat(),
    whole: fc.boolean(),
    ignore: fc.array(fc.string()),
    edits: fc.array(fc.record({ old: fc.string(), all: fc.boolean() })),
  });
  fc.assert(
    fc.property(valid, ({ file_path, ...rest }) => {
      const texts = Object.entries(rest).map(([key, value]) => [key, JSON.stringify(value)]);
      expect(data({ file_path, ...Object.fromEntries(texts) })).toEqual({ file_path, ...rest });
    }),
  );
});

test('any JSON is either taken or refused with words', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (input) => {
      const parsed = parseArguments(Schema, input);
      return parsed.success || parsed.problem.startsWith('Invalid input: ');
    }),
  );
});

test('a key that objects inherit is no parameter', () => {
  expect(data(JSON.parse('{"file_path":"f","__proto__":{"offset":1},"constructor":1}'))).toContain('unknown');
});
