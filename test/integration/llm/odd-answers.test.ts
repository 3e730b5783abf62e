import { afterEach, describe, expect, test } from 'vitest';
import type { ModelPart, ProviderType } from '#domain/provider/index.ts';
import type { ScriptedStep } from '../../doubles/scripted-model/index.ts';
import { type Bench, callsOf, finishOf, reasoningOf, startBench, textOf } from './harness.ts';

let bench: Bench | undefined;

afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

type Raw = NonNullable<ScriptedStep['raw']>;
type Payload = object | string;

const sse = (...payloads: Payload[]): string =>
  payloads
    .map((payload) => `data: ${typeof payload === 'string' ? payload : JSON.stringify(payload)}\n\n`)
    .join('');

const chunk = (delta: unknown, finish_reason: unknown = null, more: object = {}): object => ({
  id: 'x',
  object: 'chat.completion.chunk',
  created: 1,
  model: 'm',
  choices: [{ index: 0, delta, finish_reason }],
  ...more,
});

async function run(
  type: ProviderType,
  raw: Raw,
  then: ScriptedStep = { text: 'second try' },
): Promise<ModelPart[]> {
  bench = await startBench(type, [{ raw }, then]);
  return await bench.run();
}

function chat(payloads: Payload[], raw: Partial<Raw> = {}): Promise<ModelPart[]> {
  return run('openai-compat', { pieces: [sse(...payloads)], ...raw });
}

const DONE = '[DONE]';
const CALL = { name: 'bash', arguments: '{"command":"ls"}' };
const called = (...pieces: object[]): Payload[] => [
  ...pieces.map((piece) => chunk({ tool_calls: [piece] })),
  chunk({}, 'tool_calls'),
  DONE,
];

describe('an answer that is complete', () => {
  const held: [string, ProviderType, Raw][] = [
    ['[DONE]', 'openai-compat', { pieces: [sse(chunk({ content: 'hi' }), chunk({}, 'stop'), DONE)] }],
    [
      'the reason of its end',
      'openai-compat',
      { pieces: [sse(chunk({ content: 'hi' }), chunk({}, 'stop'))] },
    ],
    ['message_stop', 'anthropic', { pieces: [anthropicText('hi')] }],
  ];

  test.each(held)('ends with %s, although the connection stays open', async (_name, type, raw) => {
    const parts = await run(type, { ...raw, after: 'hold' });
    expect(textOf(parts)).toBe('hi');
    expect(finishOf(parts).stopReason).toBe('stop');
    expect(bench?.server.requests).toHaveLength(1);
  });

  const broken: [string, ProviderType, string][] = [
    ['chat without [DONE]', 'openai-compat', sse(chunk({ content: 'hi' }), chunk({}, 'stop'))],
    ['chat with [DONE]', 'openai-compat', sse(chunk({ content: 'hi' }), chunk({}, 'stop'), DONE)],
    [
      'messages without message_stop',
      'anthropic',
      anthropicText('hi').replace(/event: message_stop[\s\S]*$/, ''),
    ],
  ];

  test.each(broken)('stands although the connection breaks afterwards: %s', async (_name, type, text) => {
    for (const after of ['reset', 'end'] as const) {
      const parts = await run(type, { pieces: [text], after });
      expect(textOf(parts)).toBe('hi');
      expect(finishOf(parts).stopReason).toBe('stop');
      expect(bench?.server.requests).toHaveLength(1);
      await bench?.close();
    }
  });

  test('stands without a reason of its end when [DONE] says that it is all', async () => {
    expect(finishOf(await chat([chunk({ content: 'hi' }), DONE])).stopReason).toBe('stop');
    await bench?.close();
    const parts = await chat([chunk({ tool_calls: [{ index: 0, id: 'a', function: CALL }] }), DONE]);
    expect(finishOf(parts).stopReason).toBe('tool_calls');
  });

  test('counts the figures that follow the end', async () => {
    const parts = await run('openai-compat', {
      pieces: [sse(chunk({ content: 'hi' }, 'stop')), sse({ choices: [], usage: { prompt_tokens: 7 } })],
      after: 'reset',
    });
    expect(finishOf(parts).usage).toMatchObject({ inputTokens: 7, estimated: false });
  });
});

describe('the reason of the end', () => {
  test.each(['', 'eos', 'end_turn', 'STOP', 'tool_use', 'something_new', 7, 'function_call', null])(
    'with calls, %j lets them run',
    async (reason) => {
      const parts = await chat([
        chunk({ tool_calls: [{ index: 0, id: 'a', function: CALL }] }),
        chunk({}, reason),
        { choices: [{ index: 0, delta: {}, finish_reason: '' }], usage: { prompt_tokens: 1 } },
        DONE,
      ]);
      expect(callsOf(parts)).toHaveLength(1);
      expect(finishOf(parts).stopReason).toBe('tool_calls');
    },
  );

  test.each([
    ['max_tokens', 'length'],
    ['MAX_TOKENS', 'length'],
    ['SAFETY', 'content_filter'],
    ['eos_token', 'stop'],
  ])('%s means %s', async (reason, expected) => {
    const parts = await chat([chunk({ content: 'a' }), chunk({}, reason), DONE]);
    expect(finishOf(parts).stopReason).toBe(expected);
  });

  test('an answer that ends in an error is tried again', async () => {
    const parts = await chat([chunk({ content: 'half' }), chunk({}, 'error'), DONE]);
    expect(textOf(parts)).toBe('second try');
  });
});

describe('tool calls', () => {
  const shapes: [string, Payload[], string[]][] = [
    ['a number as id', called({ index: 0, id: 7, function: CALL }), ['bash']],
    ['no name', called({ index: 0, id: 'a', function: { arguments: CALL.arguments } }), ['unnamed_tool']],
    ['an empty name', called({ index: 0, id: 'a', function: { ...CALL, name: '' } }), ['unnamed_tool']],
    [
      'a piece without function',
      called({ index: 0, id: 'a', function: CALL }, { index: 0, function: null }),
      ['bash'],
    ],
    [
      'a name in two pieces',
      called(
        { index: 0, id: 'a', function: { name: 'ba', arguments: '' } },
        { index: 0, function: { name: 'sh', arguments: '' } },
        { index: 0, function: { arguments: CALL.arguments } },
      ),
      ['bash'],
    ],
    [
      'a name that is repeated',
      called(
        { index: 0, id: 'a', function: { name: 'bash', arguments: '{"command"' } },
        { index: 0, id: 'a', function: { name: 'bash', arguments: ':"ls"}' } },
      ),
      ['bash'],
    ],
    ['a name with a blank', called({ index: 0, id: 'a', function: { ...CALL, name: ' bash' } }), ['bash']],
    [
      'an empty object before the arguments',
      called(
        { index: 0, id: 'a', function: { name: 'bash', arguments: '{}' } },
        { index: 0, function: { arguments: CALL.arguments } },
      ),
      ['bash'],
    ],
    [
      'arguments in a JSON string',
      called({ index: 0, id: 'a', function: { name: 'bash', arguments: JSON.stringify(CALL.arguments) } }),
      ['bash'],
    ],
    [
      'arguments as an object',
      called({ index: 0, id: 'a', function: { name: 'bash', arguments: { command: 'ls' } } }),
      ['bash'],
    ],
    [
      'an id that changes',
      called(
        { index: 0, id: 'a', function: { name: 'bash', arguments: '' } },
        { index: 0, id: 'b', function: { arguments: CALL.arguments } },
      ),
      ['bash'],
    ],
    ['no index and no id', called({ function: CALL }, { function: CALL }), ['bash', 'bash']],
    [
      'one index for two',
      called({ index: 0, id: 'a', function: CALL }, { index: 0, id: 'b', function: CALL }),
      ['bash', 'bash'],
    ],
    [
      'one id for two',
      called({ index: 0, id: 'a', function: CALL }, { index: 1, id: 'a', function: CALL }),
      ['bash', 'bash'],
    ],
    ['the old field', [chunk({ function_call: CALL }), chunk({}, 'function_call'), DONE], ['bash']],
  ];

  test.each(shapes)('with %s', async (_name, payloads, names) => {
    const parts = await chat(payloads);
    expect(finishOf(parts)).toMatchObject({ stopReason: 'tool_calls' });
    const calls = callsOf(parts);
    expect(calls.map(({ name }) => name)).toEqual(names);
    for (const { input } of calls) expect(JSON.parse(input)).toEqual({ command: 'ls' });
    expect(new Set(calls.map(({ callId }) => callId)).size).toBe(names.length);
  });
});

describe('a field that nobody needs', () => {
  const odd: [string, object][] = [
    ['id', { id: 7 }],
    ['created', { created: 'yesterday' }],
    ['model', { model: {} }],
    ['usage', { usage: 'many' }],
    ['a list as usage', { usage: [1] }],
    ['prompt_tokens_details', { usage: { prompt_tokens: 3, prompt_tokens_details: [] } }],
    ['error false', { error: false }],
    ['error ""', { error: '' }],
    ['error {}', { error: {} }],
    ['an empty error', { error: { message: '', code: 0 } }],
  ];

  test.each(odd)('does not end the answer: %s', async (_name, more) => {
    const parts = await chat([chunk({ content: 'hi' }, null, more), chunk({}, 'stop', more), DONE]);
    expect(textOf(parts)).toBe('hi');
    expect(finishOf(parts).stopReason).toBe('stop');
    expect(bench?.server.requests).toHaveLength(1);
  });

  test.each([
    { role: 7 },
    { reasoning: 5 },
    { reasoning_content: {} },
    { refusal: false },
    { tool_calls: 'x' },
  ])('in a delta: %j', async (more) => {
    expect(textOf(await chat([chunk({ content: 'hi', ...more }), chunk({}, 'stop'), DONE]))).toBe('hi');
  });

  test.each([
    [
      { prompt_tokens: 10.4, completion_tokens: 2.6 },
      { inputTokens: 10, outputTokens: 3 },
    ],
    [
      { prompt_tokens: -5, completion_tokens: 2 },
      { inputTokens: 0, outputTokens: 2 },
    ],
    [
      { prompt_tokens: '12', completion_tokens: '3' },
      { inputTokens: 12, outputTokens: 3 },
    ],
    [{ prompt_tokens: 1e300, completion_tokens: 1 }, { outputTokens: 1 }],
    [
      { prompt_tokens: 10, prompt_cache_hit_tokens: 4, completion_tokens: 1 },
      { inputTokens: 6, cacheReadTokens: 4 },
    ],
    [
      { prompt_tokens: 10, cached_tokens: 4, completion_tokens: 1 },
      { inputTokens: 6, cacheReadTokens: 4 },
    ],
  ])('figures are whole and not negative: %j', async (usage, expected) => {
    const parts = await chat([chunk({ content: 'hi' }), chunk({}, 'stop', { usage }), DONE]);
    expect(finishOf(parts).usage).toMatchObject(expected);
    expect(Number.isSafeInteger(finishOf(parts).usage.inputTokens)).toBe(true);
  });

  test('figures inside the choice count', async () => {
    const last = { choices: [{ index: 0, delta: {}, finish_reason: 'stop', usage: { prompt_tokens: 9 } }] };
    expect(finishOf(await chat([chunk({ content: 'hi' }), last, DONE])).usage.inputTokens).toBe(9);
  });
});

describe('an error inside the stream', () => {
  test.each([
    [{ object: 'error', message: 'no such thing', code: 400 }, 'bad_request', 1],
    [{ error: { message: 'no such thing', code: '400' } }, 'bad_request', 1],
    [{ error: { message: 'no such thing', code: '401' } }, 'auth', 1],
    [{ error: { message: 'no such thing', code: 429 } }, 'rate_limited', 2],
    [{ detail: 'no such thing' }, 'unavailable', 2],
  ] as const)('%j', async (error, code, requests) => {
    bench = await startBench('openai-compat', [
      { raw: { pieces: [sse(chunk({ content: 'a' }), error)] } },
      { text: 'ok' },
    ]);
    const parts = await bench.run();
    expect(bench.server.requests).toHaveLength(requests);
    if (requests > 1) return expect(textOf(parts)).toBe('ok');
    expect(finishOf(parts).error).toMatchObject({ code, message: expect.stringContaining('no such thing') });
  });
});

describe('JSON with status 200', () => {
  const json = (body: object, contentType = 'application/json'): Raw => ({
    pieces: [JSON.stringify(body, null, 2)],
    contentType,
  });

  test('an error has the class of its own code', async () => {
    const parts = await run('openai-compat', json({ error: { message: 'slow down', code: 429 } }));
    expect(textOf(parts)).toBe('second try');
    await bench?.close();
    const refused = await run('openai-compat', json({ error: { message: 'no key', code: 401 } }));
    expect(finishOf(refused).error).toMatchObject({ code: 'auth' });
    await bench?.close();
    const busy = json({ type: 'error', error: { type: 'overloaded_error', message: 'busy' } });
    expect(textOf(await run('anthropic', busy))).toBe('second try');
  });

  test.each(['application/json', 'text/plain'])('a whole chat completion as %s', async (type) => {
    const message = {
      role: 'assistant',
      content: 'hi',
      reasoning: 'hm',
      tool_calls: [{ id: 'a', type: 'function', function: CALL }],
    };
    const body = {
      object: 'chat.completion',
      choices: [{ index: 0, message, finish_reason: 'tool_calls' }],
      usage: { prompt_tokens: 4, completion_tokens: 2 },
    };
    const parts = await run('openai-compat', json(body, type));
    expect([textOf(parts), reasoningOf(parts)]).toEqual(['hi', 'hm']);
    expect(callsOf(parts)).toEqual([{ callId: 'a', name: 'bash', input: CALL.arguments }]);
    expect(finishOf(parts)).toMatchObject({
      stopReason: 'tool_calls',
      usage: { inputTokens: 4, outputTokens: 2 },
    });
  });

  test('a whole message', async () => {
    const content = [
      { type: 'thinking', thinking: 'hm', signature: 's' },
      { type: 'text', text: 'hi' },
      { type: 'tool_use', id: 'a', name: 'bash', input: { command: 'ls' } },
    ];
    const usage = { input_tokens: 4, output_tokens: 2, cache_creation_input_tokens: 3 };
    const parts = await run(
      'anthropic',
      json({ type: 'message', role: 'assistant', content, stop_reason: 'tool_use', usage }),
    );
    expect([textOf(parts), reasoningOf(parts)]).toEqual(['hi', 'hm']);
    expect(parts.find(({ type }) => type === 'reasoning_end')).toMatchObject({ signature: 's' });
    expect(callsOf(parts)).toEqual([{ callId: 'a', name: 'bash', input: CALL.arguments }]);
    expect(finishOf(parts)).toMatchObject({
      stopReason: 'tool_calls',
      usage: { inputTokens: 4, cacheWriteTokens: 3 },
    });
  });

  test('an event stream that is called JSON', async () => {
    const pieces = [sse(chunk({ content: 'hi' }), chunk({}, 'stop'), DONE)];
    expect(textOf(await run('openai-compat', { pieces, contentType: 'application/json' }))).toBe('hi');
  });
});

describe('a status decides before the body', () => {
  test.each([401, 403, 404, 400])('%i with a flat body is final', async (status) => {
    const pieces = [JSON.stringify({ type: 'some_error', message: 'flat words' })];
    for (const type of ['openai-compat', 'anthropic'] as const) {
      const parts = await run(type, { pieces, status, contentType: 'application/json' });
      expect(finishOf(parts).error).toMatchObject({
        status,
        message: `The provider answered ${status}: flat words`,
      });
      expect(bench?.server.requests).toHaveLength(1);
      await bench?.close();
    }
  });
});

describe('messages', () => {
  const event = (type: string, data: object): string =>
    `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`;
  const stream = (...blocks: string[]): string =>
    [
      event('message_start', {
        message: { id: 7, usage: { input_tokens: '10', cache_read_input_tokens: 1.5 } },
      }),
      ...blocks,
      event('message_delta', { delta: { stop_reason: 'tool_use' }, usage: { output_tokens: '3' } }),
      event('message_stop', {}),
    ].join('');

  test('odd figures and ids are brought into form', async () => {
    const start = { index: '0', content_block: { type: 'tool_use', id: 7, name: ' bash', input: {} } };
    const delta = { index: 0, delta: { type: 'input_json_delta', partial_json: '{"command":"ls"}' } };
    const parts = await run('anthropic', {
      pieces: [stream(event('content_block_start', start), event('content_block_delta', delta))],
    });
    expect(callsOf(parts)).toEqual([{ callId: '7', name: 'bash', input: CALL.arguments }]);
    expect(finishOf(parts)).toMatchObject({
      stopReason: 'tool_calls',
      usage: { inputTokens: 10, outputTokens: 3, cacheReadTokens: 2 },
    });
  });

  test('an input in the start of a block gives way to the deltas, and counts without them', async () => {
    const start = (index: number, input: object) =>
      event('content_block_start', {
        index,
        content_block: { type: 'tool_use', id: `t${index}`, name: 'bash', input },
      });
    const delta = event('content_block_delta', {
      index: 0,
      delta: { type: 'input_json_delta', partial_json: CALL.arguments },
    });
    const pieces = [stream(start(0, { command: 'no' }), delta, start(1, { command: 'ls' }))];
    const calls = callsOf(await run('anthropic', { pieces }));
    expect(calls.map(({ input }) => input)).toEqual([CALL.arguments, CALL.arguments]);
  });
});

function anthropicText(text: string): string {
  const events: [string, object][] = [
    ['message_start', { message: { id: 'm', usage: { input_tokens: 1 } } }],
    ['content_block_start', { index: 0, content_block: { type: 'text', text: '' } }],
    ['content_block_delta', { index: 0, delta: { type: 'text_delta', text } }],
    ['content_block_stop', { index: 0 }],
    ['message_delta', { delta: { stop_reason: 'end_turn' }, usage: { output_tokens: 1 } }],
    ['message_stop', {}],
  ];
  return events
    .map(([type, data]) => `event: ${type}\ndata: ${JSON.stringify({ type, ...data })}\n\n`)
    .join('');
}
