import { expect, test } from 'vitest';
import type { Message, MessagePart } from '#domain/message/index.ts';
import type { ModelInfo } from '#domain/provider/index.ts';
import { newId } from '#shared/ids.ts';
import { BROKEN_INPUT_RESULT, buildPrompt, MISSING_RESULT, parseInput } from './prompt-messages.ts';

const MODEL: ModelInfo = {
  id: 'm',
  name: 'M',
  contextWindow: 1,
  defaultMaxTokens: 1,
  priceIn: 0,
  priceOut: 0,
  priceCacheRead: 0,
  priceCacheWrite: 0,
  canReason: false,
  supportsImages: false,
};

let index = 0;
function message(role: Message['role'], parts: MessagePart[], changes: Partial<Message> = {}): Message {
  index += 1;
  return {
    id: newId(),
    sessionId: newId(),
    turnNumber: 1,
    index,
    role,
    parts,
    model: 'm',
    provider: 'p',
    isSummary: false,
    finishedAt: 1,
    appliedCursor: null,
    createdAt: 1,
    updatedAt: 1,
    ...changes,
  };
}

const called = (id: string, input = '{}'): MessagePart => ({
  type: 'tool_call',
  id,
  name: 'ls',
  input,
  finished: true,
});
const result = (id: string): MessagePart => ({
  type: 'tool_result',
  tool_call_id: id,
  name: 'ls',
  content: `result ${id}`,
  is_error: false,
  metadata: '{"secret":1}',
});

async function build(history: Message[], model: Partial<ModelInfo> = {}) {
  const prompt = await buildPrompt(history, {
    system: 'sys',
    summaryId: null,
    selection: { providerId: 'p', model: { ...MODEL, ...model } },
    loadImage: async () => ({ mediaType: 'image/png', data: new Uint8Array([1]) }),
  });
  return prompt.slice(1);
}

test('each call has exactly one result right behind its message', async () => {
  const prompt = await build([
    message('user', [{ type: 'text', text: ' hi ' }]),
    message('assistant', [
      called('a'),
      called('b'),
      called('c', '{"x'),
      { type: 'finish', reason: 'tool_use', time: 1 },
    ]),
    message('tool', [result('b')]),
    message('tool', [result('orphan'), result('c')]),
  ]);
  expect(prompt.map(({ role }) => role)).toEqual(['user', 'assistant', 'tool']);
  expect(prompt[0]).toEqual({ role: 'user', parts: [{ type: 'text', text: 'hi' }] });
  expect(prompt[2]).toEqual({
    role: 'tool',
    results: [
      { toolCallId: 'a', toolName: 'ls', text: MISSING_RESULT, isError: true },
      { toolCallId: 'b', toolName: 'ls', text: 'result b', isError: false },
      { toolCallId: 'c', toolName: 'ls', text: BROKEN_INPUT_RESULT, isError: true },
    ],
  });
});

test('messages without content for the model are left out', async () => {
  expect(
    await build([
      message('assistant', [{ type: 'finish', reason: 'error', time: 1, message: 'x' }]),
      message('assistant', [{ type: 'text', text: '   ' }]),
      message('assistant', [{ type: 'text', text: 'partial' }], { finishedAt: null }),
    ]),
  ).toEqual([]);
});

test('signed reasoning goes back only to the model that made it', async () => {
  const parts: MessagePart[] = [
    { type: 'reasoning', thinking: 'hm', signature: 's' },
    { type: 'text', text: 'a' },
  ];
  const [same] = await build([message('assistant', parts)]);
  const [other] = await build([message('assistant', parts, { model: 'n' })]);
  expect(same).toMatchObject({ parts: [{ type: 'reasoning', text: 'hm' }, { type: 'text' }] });
  const [reasoning] = other?.role === 'assistant' ? other.parts : [];
  expect(reasoning).toEqual({ type: 'reasoning', text: 'hm', isForeign: true });
});

test('a call goes back with the id and the metadata of its provider, to another model as a foreign one', async () => {
  const call: MessagePart = {
    type: 'tool_call',
    id: 'own',
    name: 'ls',
    input: '{}',
    finished: true,
    provider_call_id: 'theirs',
    provider_metadata: { p: { s: 1 } },
  };
  const [same] = await build([message('assistant', [call])]);
  const [other] = await build([message('assistant', [call], { provider: 'q' })]);
  const sent = { type: 'tool_call', id: 'own', providerCallId: 'theirs', name: 'ls', input: {} };
  expect(same).toEqual({ role: 'assistant', parts: [{ ...sent, providerMetadata: { p: { s: 1 } } }] });
  expect(other).toEqual({ role: 'assistant', parts: [{ ...sent, isForeign: true }] });
});

test('a block of reasoning without text goes back in its place', async () => {
  const [assistant] = await build([
    message('assistant', [
      { type: 'reasoning', thinking: '', provider_metadata: { anthropic: { redactedData: 'x' } } },
      { type: 'text', text: 'a ' },
      { type: 'reasoning', thinking: '', signature: 's' },
      called('a'),
    ]),
  ]);
  expect(assistant).toMatchObject({
    parts: [
      { type: 'reasoning', text: '', providerMetadata: { anthropic: { redactedData: 'x' } } },
      { type: 'text', text: 'a ' },
      { type: 'reasoning', text: '', providerMetadata: { anthropic: { signature: 's' } } },
      { type: 'tool_call' },
    ],
  });
});

test('images go to models that can see, others are told', async () => {
  const picture = message('user', [{ type: 'image', Path: '/x', MIMEType: 'image/png', Data: '' }]);
  expect(await build([picture], { supportsImages: true })).toMatchObject([{ parts: [{ type: 'image' }] }]);
  expect(await build([picture])).toMatchObject([{ parts: [{ type: 'text' }] }]);
});

test.each([
  ['{"a":1}', { a: 1 }],
  ['"{\\"a\\":1}"', { a: 1 }],
  ['{} {"a":1}', { a: 1 }],
  ['{}', {}],
  ['[1]', null],
  ['"x"', null],
  ['{"a":', null],
])('the input %s of a call is read as %j', (text, expected) => {
  expect(parseInput(text)).toEqual(expected);
});
