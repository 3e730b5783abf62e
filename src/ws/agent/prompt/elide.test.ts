import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { PromptMessage } from '#domain/provider/index.ts';
import { elide, sizeOf } from './elide.ts';

const text = (role: 'user' | 'assistant', length: number): PromptMessage => ({
  role,
  parts: [{ type: 'text', text: 'w'.repeat(length) }],
});

function step(id: string, input: number, result: number): PromptMessage[] {
  return [
    {
      role: 'assistant',
      parts: [{ type: 'tool_call', id, name: 't', input: { text: 'i'.repeat(input) } }],
    },
    {
      role: 'tool',
      results: [{ toolCallId: id, toolName: 't', text: 'r'.repeat(result), isError: false }],
    },
  ];
}

const SYSTEM: PromptMessage = { role: 'system', text: 'be good' };

test('what fits stays as it is', () => {
  const messages = [SYSTEM, text('user', 10), ...step('a', 10, 100)];
  expect(elide(messages, 1000)).toEqual(messages);
});

test('old results go first, and no more of them than necessary', () => {
  const messages = [
    SYSTEM,
    text('user', 50),
    ...step('a', 10, 5000),
    ...step('b', 10, 5000),
    ...step('c', 10, 900),
  ];
  const kept = elide(messages, 6500);
  expect(kept[3]).toMatchObject({ results: [{ text: '[5000 characters of this result are left out.]' }] });
  expect(kept.slice(4)).toEqual(messages.slice(4));
  expect(kept[2]).toEqual(messages[2]);
});

test('any history comes within its budget, with a result behind each call and nothing of a result alone', () => {
  const message = fc.oneof(
    fc.nat(30_000).map((length) => [text('user', length + 1)]),
    fc.nat(30_000).map((length) => [text('assistant', length + 1)]),
    fc.tuple(fc.uuid(), fc.nat(20_000), fc.nat(60_000)).map(([id, input, result]) => step(id, input, result)),
  );
  fc.assert(
    fc.property(
      fc.array(message, { maxLength: 40 }),
      fc.integer({ min: 2000, max: 200_000 }),
      (parts, budget) => {
        const [system, ...kept] = elide([SYSTEM, ...parts.flat()], budget);
        expect(system).toEqual(SYSTEM);
        expect(sizeOf(kept)).toBeLessThanOrEqual(budget + 100);
        const calls = kept.flatMap((one) => ('parts' in one ? one.parts : []));
        const ids = calls.flatMap((part) => (part.type === 'tool_call' ? [part.id] : []));
        const results = kept.flatMap((one) => (one.role === 'tool' ? one.results : []));
        expect(results.map(({ toolCallId }) => toolCallId)).toEqual(ids);
        expect(kept[0]?.role).not.toBe('tool');
      },
    ),
  );
});
