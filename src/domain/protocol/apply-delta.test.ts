import { expect, test } from 'vitest';
import { applyDelta, type PartDelta } from './apply-delta.ts';
import type { MessagePartView } from './views/message-parts.ts';

const delta = (
  delta_type: PartDelta['delta_type'],
  content = '',
  rest: Partial<PartDelta> = {},
): PartDelta => ({
  delta_type,
  content,
  timestamp: 7,
  ...rest,
});
const all = (...deltas: PartDelta[]) =>
  deltas.reduce<MessagePartView[]>((parts, next) => applyDelta(parts, next), []);

test('text goes on in the last part while that is text', () => {
  expect(all(delta('text', 'a'), delta('text', 'b'))).toEqual([{ type: 'text', text: 'ab' }]);
  expect(
    all(delta('text', 'a'), delta('reasoning', 'r'), delta('reasoning', 's'), delta('text', 'b')),
  ).toEqual([
    { type: 'text', text: 'a' },
    { type: 'reasoning', thinking: 'rs' },
    { type: 'text', text: 'b' },
  ]);
});

test('a tool call begins unfinished, once, and gathers its own input', () => {
  const call = (id: string) => delta('tool_call', '', { tool_call_id: id, tool_call_name: 'bash' });
  const input = (id: string, text: string) => delta('tool_call_input', text, { tool_call_id: id });
  expect(all(call('1'), call('2'), input('1', '{'), call('1'), input('2', '['), input('1', '}'))).toEqual([
    { type: 'tool_call', id: '1', name: 'bash', input: '{}', finished: false },
    { type: 'tool_call', id: '2', name: 'bash', input: '[', finished: false },
  ]);
});

test('a finish or an error ends the message', () => {
  expect(all(delta('finish', '', { finish_reason: 'end_turn' }), delta('text', 'late'))).toEqual([
    { type: 'finish', reason: 'end_turn', time: 7 },
  ]);
  expect(all(delta('error', 'broken'), delta('finish'))).toEqual([
    { type: 'finish', reason: 'error', time: 7, message: 'broken' },
  ]);
});

test('leaves what it was given alone', () => {
  const parts: MessagePartView[] = Object.freeze([
    Object.freeze({ type: 'text', text: 'a' }),
  ]) as MessagePartView[];
  expect(applyDelta(parts, delta('text', 'b'))).toEqual([{ type: 'text', text: 'ab' }]);
  expect(parts).toEqual([{ type: 'text', text: 'a' }]);
});
