import { expect, test } from 'vitest';
import {
  MAX_ANSWER_CALLS,
  MAX_ANSWER_INPUT_CHARS,
  MAX_ANSWER_TEXT_CHARS,
  MAX_CALL_INPUT_CHARS,
  type ModelPart,
} from '#domain/provider/index.ts';
import { createAnswerBounds } from './answer-bounds.ts';

function check(...parts: ModelPart[]) {
  const bounds = createAnswerBounds();
  return parts.map((part) => bounds.check(part)?.kind ?? null);
}

const whole = (callId: string, chars: number): ModelPart => ({
  type: 'tool_call',
  callId,
  name: 'write',
  input: 'x'.repeat(chars),
});

test('text up to the limit passes, one character more fails', () => {
  const text = 'x'.repeat(MAX_ANSWER_TEXT_CHARS);
  expect(check({ type: 'text', text }, { type: 'text', text: 'x' })).toEqual([null, 'fails']);
});

test('an input is counted once, however it comes', () => {
  const half = 'x'.repeat(MAX_CALL_INPUT_CHARS / 2);
  const piece: ModelPart = { type: 'tool_call_input', callId: 'a', text: half };
  const start: ModelPart = { type: 'tool_call_start', callId: 'a', name: 'write' };
  expect(check(start, piece, piece, whole('a', MAX_CALL_INPUT_CHARS))).toEqual([null, null, null, null]);
  expect(check(start, piece, piece, piece)).toEqual([null, null, null, 'cut']);
});

test('a whole input that is too long is cut, and so are many that are', () => {
  expect(check(whole('a', MAX_CALL_INPUT_CHARS + 1))).toEqual(['cut']);
  const count = MAX_ANSWER_INPUT_CHARS / MAX_CALL_INPUT_CHARS;
  const calls = Array.from({ length: count + 1 }, (_, at) => whole(`c${at}`, MAX_CALL_INPUT_CHARS));
  expect(check(...calls)).toEqual([...Array.from({ length: count }, () => null), 'cut']);
});

test('calls behind the first 64 are cut, also those with one id', () => {
  const calls = Array.from({ length: MAX_ANSWER_CALLS + 1 }, () => whole('same', 2));
  expect(check(...calls).filter((kind) => kind !== null)).toEqual(['cut']);
});

test('a restart begins anew', () => {
  const text: ModelPart = { type: 'text', text: 'x'.repeat(MAX_ANSWER_TEXT_CHARS) };
  expect(check(text, { type: 'restart', attempt: 1, reason: '' }, text)).toEqual([null, null, null]);
});
