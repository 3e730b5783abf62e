import { afterEach, describe, expect, test } from 'vitest';
import type { Message, MessagePart } from '#domain/message/index.ts';
import type { ModelPart, ModelSelection, ProviderType } from '#domain/provider/index.ts';
import { newId } from '#shared/ids.ts';
import { buildPrompt } from '../../../src/ws/agent/prompt/prompt-messages.ts';
import { createAssembler } from '../../../src/ws/agent/step/assembler.ts';
import type { ScriptedBody, ScriptedStep } from '../../doubles/scripted-model/index.ts';
import { STRICT } from '../../doubles/scripted-model/strict.ts';
import { type Bench, finishOf, startBench } from './harness.ts';

let bench: Bench | undefined;

afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

type Payload = object | string;
type Raw = NonNullable<ScriptedStep['raw']>;

const sse = (...payloads: Payload[]): string =>
  payloads
    .map((payload) => `data: ${typeof payload === 'string' ? payload : JSON.stringify(payload)}\n\n`)
    .join('');
const chunk = (delta: object, finish_reason: string | null = null): object => ({
  choices: [{ index: 0, delta, finish_reason }],
});
const chat = (...deltas: object[]): Raw => ({
  pieces: [sse(...deltas.map((delta) => chunk(delta)), chunk({}, 'tool_calls'), '[DONE]')],
});
const call = (id: string, more: object = {}): object => ({
  tool_calls: [
    { index: 0, id, type: 'function', function: { name: 'bash', arguments: '{"command":"ls"}' }, ...more },
  ],
});

interface Conversation {
  type?: ProviderType;
  family: string;
  selection: Partial<ModelSelection>;
  answer: Raw;
  /** The model of the first step, when it is another one. */
  firstBy?: { provider: string; model: string };
  parts?: MessagePart[];
}

function stored(
  role: Message['role'],
  parts: MessagePart[],
  by: { provider: string; model: string },
): Message {
  const base = {
    id: newId(),
    sessionId: newId(),
    turnNumber: 1,
    index: 0,
    isSummary: false,
    appliedCursor: null,
  };
  return { ...base, ...by, role, parts, finishedAt: 1, createdAt: 1, updatedAt: 1 };
}

function assemble(parts: readonly ModelPart[]): MessagePart[] {
  const assembler = createAssembler({ now: () => 1, newCallId: newId });
  for (const part of parts) {
    if (part.type === 'restart') assembler.reset();
    else assembler.apply(part);
  }
  return assembler.parts();
}

/** One step that calls a tool, as it is stored, and the step behind it against a provider that refuses. */
async function secondStep(talk: Conversation): Promise<{ parts: ModelPart[]; requests: ScriptedBody[] }> {
  const { family, selection, answer } = talk;
  const started = await startBench(talk.type ?? 'openai-compat', {
    script: [{ raw: answer }, { text: 'done' }],
    strict: STRICT[family],
  });
  bench = started;
  const to = started.request({}, selection).selection;
  const by = talk.firstBy ?? { provider: to.providerId, model: to.model.id };
  const first = await started.run({}, selection);
  expect(finishOf(first).stopReason).toBe('tool_calls');
  const made = stored('assistant', [...(talk.parts ?? []), ...assemble(first)], by);
  const results = made.parts.flatMap((part): MessagePart[] =>
    part.type === 'tool_call'
      ? [{ type: 'tool_result', tool_call_id: part.id, name: part.name, content: 'a.txt', is_error: false }]
      : [],
  );
  const none = { provider: '', model: '' };
  const history = [stored('user', [{ type: 'text', text: 'go' }], none), made, stored('tool', results, none)];
  const prompt = { system: 'sys', summaryId: null, selection: to, loadImage: async () => null };
  const messages = await buildPrompt(history, prompt);
  const parts = await started.run({ messages }, selection);
  return { parts, requests: started.server.requests.map(({ body }) => body) };
}

const REASONED = { reasoning_content: 'let me look' };
const SIGNED = { extra_content: { google: { thought_signature: 'c2lnbmVk' } } };

const CHATS: [string, Conversation][] = [
  [
    'mistral',
    { family: 'mistral', selection: { providerId: 'mistral' }, answer: chat(REASONED, call('D681PevKs')) },
  ],
  [
    'mistral, ids of another kind',
    { family: 'mistral', selection: { providerId: 'mistral' }, answer: chat(call('call_abcdefghijklmnop')) },
  ],
  [
    'mistral behind a gateway',
    { family: 'mistral', selection: { providerId: 'gateway' }, answer: chat(REASONED, call('D681PevKs')) },
  ],
  [
    'groq',
    { family: 'groq', selection: { providerId: 'groq' }, answer: chat({ reasoning: 'hm' }, call('call_1')) },
  ],
  [
    'groq behind a gateway',
    {
      family: 'groq',
      selection: { providerId: 'gateway' },
      answer: chat({ reasoning: 'hm' }, call('call_1')),
    },
  ],
  [
    'gemini',
    { family: 'gemini', selection: { providerId: 'google' }, answer: chat(call('function-call-1', SIGNED)) },
  ],
  [
    'gemini behind a gateway',
    { family: 'gemini', selection: { providerId: 'gateway' }, answer: chat(call('function-call-1', SIGNED)) },
  ],
  [
    'deepseek',
    { family: 'deepseek', selection: { providerId: 'deepseek' }, answer: chat(REASONED, call('call_0_1')) },
  ],
  [
    'deepseek, a step without reasoning',
    { family: 'deepseek', selection: { providerId: 'deepseek' }, answer: chat(call('call_0_1')) },
  ],
  [
    'deepseek behind a gateway',
    { family: 'deepseek', selection: { providerId: 'gateway' }, answer: chat(call('call_0_1')) },
  ],
  [
    'moonshot',
    {
      family: 'moonshot',
      selection: { providerId: 'moonshotai' },
      answer: chat(REASONED, call('functions.bash:0')),
    },
  ],
  ['openai', { type: 'openai', family: 'openai', selection: {}, answer: chat(call('call_1')) }],
];

describe('a provider takes back what it sent', () => {
  test.each(CHATS)('%s', async (_name, talk) => {
    const { parts } = await secondStep(talk);
    expect(finishOf(parts)).toMatchObject({ stopReason: 'stop' });
  });

  test('exactly: id, signature and reasoning', async () => {
    const { requests } = await secondStep({
      family: 'openai',
      selection: { providerId: 'anything' },
      answer: chat(
        { reasoning_content: 'let me ' },
        { reasoning_content: 'look' },
        call('functions.bash:7', SIGNED),
      ),
    });
    const assistant = requests[1]?.messages?.find(({ role }) => role === 'assistant');
    expect(assistant).toMatchObject({
      reasoning_content: 'let me look',
      tool_calls: [{ id: 'functions.bash:7', ...SIGNED }],
    });
    expect(requests[1]?.messages?.at(-1)).toMatchObject({ role: 'tool', tool_call_id: 'functions.bash:7' });
  });

  test('what was learned from a refusal is not asked again', async () => {
    await secondStep({
      family: 'groq',
      selection: { providerId: 'gateway' },
      answer: chat({ reasoning: 'hm' }, call('call_1')),
    });
    const messages = [
      {
        role: 'assistant' as const,
        parts: [
          { type: 'reasoning' as const, text: 'hm' },
          { type: 'text' as const, text: 'a' },
        ],
      },
    ];
    const before = bench?.server.requests.length ?? 0;
    await bench?.run({ messages }, { providerId: 'gateway' });
    expect(bench?.server.requests).toHaveLength(before + 1);
  });
});

describe('a provider takes what another one sent', () => {
  const other = { provider: 'other', model: 'other-1' };

  test.each(['mistral', 'groq', 'google', 'deepseek', 'moonshotai', 'openrouter', 'cerebras'])(
    '%s',
    async (id) => {
      const family =
        { google: 'gemini', moonshotai: 'moonshot', openrouter: 'openai', cerebras: 'groq' }[id] ?? id;
      const model = { ...modelOf(id === 'google' ? 'gemini-3-pro' : 'm') };
      const { parts, requests } = await secondStep({
        family,
        selection: { providerId: id, model },
        answer: chat(REASONED, call('toolu_01:weird.id/with everything that is too long for it')),
        firstBy: other,
      });
      expect(finishOf(parts)).toMatchObject({ stopReason: 'stop' });
      expect(requests).toHaveLength(2);
    },
  );
});

describe('anthropic takes back its thinking as it was', () => {
  const event = (type: string, data: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const block = (index: number, start: object, ...deltas: object[]): string =>
    [
      event('content_block_start', { index, content_block: start }),
      ...deltas.map((delta) => event('content_block_delta', { index, delta })),
      event('content_block_stop', { index }),
    ].join('');
  const tool = (index: number): string =>
    block(index, { type: 'tool_use', id: 'toolu_1', name: 'bash', input: {} });
  const thinking = (index: number, text: string, signature: string): string =>
    block(
      index,
      { type: 'thinking', thinking: '', signature: '' },
      ...(text === '' ? [] : [{ type: 'thinking_delta', thinking: text }]),
      { type: 'signature_delta', signature },
    );
  const redacted = (index: number, data: string): string => block(index, { type: 'redacted_thinking', data });
  const text = (index: number, words: string): string =>
    block(index, { type: 'text', text: '' }, { type: 'text_delta', text: words });

  const T = (words: string, signature: string) => ({ type: 'thinking', thinking: words, signature });
  const R = (data: string) => ({ type: 'redacted_thinking', data });
  const X = (words: string) => ({ type: 'text', text: words });

  const cases: [string, string[], object[]][] = [
    ['signed', [thinking(0, 'hm', 's1')], [T('hm', 's1')]],
    ['redacted', [redacted(0, 'r1')], [R('r1')]],
    ['omitted', [thinking(0, '', 's1')], [T('', 's1')]],
    ['mixed', [thinking(0, 'hm', 's1'), redacted(1, 'r1')], [T('hm', 's1'), R('r1')]],
    ['redacted first', [redacted(0, 'r1'), thinking(1, 'hm', 's1')], [R('r1'), T('hm', 's1')]],
    ['two in a row', [thinking(0, 'one', 's1'), thinking(1, 'two', 's2')], [T('one', 's1'), T('two', 's2')]],
    [
      'interleaved with text',
      [thinking(0, 'one', 's1'), text(1, 'words '), thinking(2, '', 's2')],
      [T('one', 's1'), X('words '), T('', 's2')],
    ],
  ];

  test.each(cases)('%s', async (_name, blocks, expected) => {
    const pieces = [
      event('message_start', { message: { id: 'm', usage: { input_tokens: 1 } } }),
      ...blocks,
      tool(blocks.length),
      event('message_delta', { delta: { stop_reason: 'tool_use' }, usage: { output_tokens: 1 } }),
      event('message_stop', {}),
    ];
    const { parts, requests } = await secondStep({
      type: 'anthropic',
      family: 'anthropic',
      selection: { reasoningEffort: 'low' },
      answer: { pieces },
    });
    expect(finishOf(parts).stopReason).toBe('stop');
    const content = requests[1]?.messages?.find(({ role }) => role === 'assistant')?.content;
    expect(content).toMatchObject([...expected, { type: 'tool_use', id: 'toolu_1', name: 'bash' }]);
    expect(content).toHaveLength(expected.length + 1);
  });
});

describe('openrouter', () => {
  const model = modelOf('anthropic/claude-sonnet-5');

  test('gets the details of its reasoning back, whole, and its cost is taken', async () => {
    const details = (piece: object) => ({
      reasoning_details: [{ type: 'reasoning.text', index: 0, ...piece }],
    });
    const usage = { choices: [], usage: { prompt_tokens: 5, completion_tokens: 2, cost: 0.25 } };
    const { requests } = await secondStep({
      type: 'openrouter',
      family: 'openai',
      selection: { providerId: 'router', model },
      answer: {
        pieces: [
          sse(
            chunk({ reasoning: 'let me ', ...details({ text: 'let me ', format: 'f' }) }),
            chunk({ reasoning: 'look', ...details({ text: 'look' }) }),
            chunk(details({ signature: 'sig' })),
            chunk(call('toolu_1')),
            chunk({}, 'tool_calls'),
            usage,
            '[DONE]',
          ),
        ],
      },
    });
    const assistant = requests[1]?.messages?.find(({ role }) => role === 'assistant');
    expect(assistant?.reasoning_details).toEqual([
      { type: 'reasoning.text', index: 0, text: 'let me look', format: 'f', signature: 'sig' },
    ]);
    expect(assistant).not.toHaveProperty('reasoning_content');
  });

  test('is told what to cache of Claude, and of nobody else', async () => {
    const started = await startBench('openrouter', [{ text: 'ok' }]);
    bench = started;
    await started.run({}, { model });
    await started.run({}, { model: modelOf('x/y') });
    const [claude, other] = started.server.requests.map(({ body }) => body.messages ?? []);
    const marked = [{ type: 'text', cache_control: { type: 'ephemeral' } }];
    expect(claude).toMatchObject([{ content: marked }, { content: marked }]);
    expect(JSON.stringify(other)).not.toContain('cache_control');
  });
});

describe('a refused image', () => {
  const picture = (data: Uint8Array) => ({ type: 'image' as const, mediaType: 'image/png', data });
  const PNG = new Uint8Array(Buffer.from('89504e470d0a1a0a00', 'hex'));
  const JPEG = new Uint8Array([0xff, 0xd8, 0xff, 0xe0]);
  const messages = (data: Uint8Array) => [
    { role: 'user' as const, parts: [{ type: 'text' as const, text: 'look' }, picture(data)] },
  ];

  test('is left out, said to be, and the session goes on', async () => {
    const started = await startBench('anthropic', { script: [{ text: 'fine' }], strict: STRICT.anthropic });
    bench = started;
    for (const requests of [2, 3]) {
      expect(finishOf(await started.run({ messages: messages(JPEG) })).stopReason).toBe('stop');
      expect(started.server.requests).toHaveLength(requests);
    }
    expect(JSON.stringify(started.server.requests.at(-1)?.body)).toContain('the provider refused it');
    await started.run({ messages: messages(PNG) });
    expect(JSON.stringify(started.server.requests.at(-1)?.body)).toContain('"image"');
  });

  test('that is none never leaves', async () => {
    const started = await startBench('anthropic', { script: [{ text: 'fine' }], strict: STRICT.anthropic });
    bench = started;
    await started.run({ messages: messages(new TextEncoder().encode('<svg>')) });
    expect(started.server.requests).toHaveLength(1);
  });
});

function modelOf(id: string): ModelSelection['model'] {
  return {
    id,
    name: id,
    contextWindow: 100_000,
    defaultMaxTokens: 1_000,
    priceIn: 0,
    priceOut: 0,
    priceCacheRead: 0,
    priceCacheWrite: 0,
    canReason: true,
    supportsImages: true,
  };
}
