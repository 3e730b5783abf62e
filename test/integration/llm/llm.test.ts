import { afterEach, describe, expect, test } from 'vitest';
import type { ModelPart, ProviderType } from '#domain/provider/index.ts';
import type { ScriptedStep, ScriptedToolCall } from '../../doubles/scripted-model/index.ts';
import { API_KEY, type Bench, callsOf, finishOf, reasoningOf, startBench, textOf } from './harness.ts';

const PROVIDERS: ProviderType[] = ['openai-compat', 'openai', 'anthropic'];
const CALL: ScriptedToolCall = { id: 'functions.bash:0', name: 'bash', input: { command: 'echo hi' } };

let bench: Bench | undefined;

async function start(...args: Parameters<typeof startBench>): Promise<Bench> {
  bench = await startBench(...args);
  return bench;
}

afterEach(async () => {
  await bench?.close();
  bench = undefined;
});

describe.each(PROVIDERS)('%s', (type) => {
  test('streams text delta by delta and reports usage', async () => {
    const { run } = await start(type, [
      { text: 'Hello, world!', deltas: 4, usage: { input: 7, output: 3, cacheRead: 2 } },
    ]);
    const parts = await run();
    expect(textOf(parts)).toBe('Hello, world!');
    expect(parts.filter((part) => part.type === 'text')).toHaveLength(4);
    expect(finishOf(parts)).toEqual({
      type: 'finish',
      stopReason: 'stop',
      usage: { inputTokens: 7, outputTokens: 3, cacheReadTokens: 2, cacheWriteTokens: 0, estimated: false },
    });
  });

  const ODDITIES: [string, ScriptedStep][] = [
    ['CRLF line ends', { crlf: true }],
    ['comment lines', { comments: true }],
    ['trailing spaces', { trailingSpaces: true }],
    [
      'all of them, with usage after the finish',
      { crlf: true, comments: true, trailingSpaces: true, usageAfterFinish: true },
    ],
  ];

  test.each(ODDITIES)('survives %s', async (_name, oddity) => {
    const { run } = await start(type, [
      { text: 'abc def', deltas: 3, toolCalls: [CALL], usage: { input: 4, output: 2 }, ...oddity },
    ]);
    const parts = await run();
    expect(textOf(parts)).toBe('abc def');
    expect(callsOf(parts)).toEqual([{ callId: CALL.id, name: 'bash', input: '{"command":"echo hi"}' }]);
    const finish = finishOf(parts);
    expect(finish.stopReason).toBe('tool_calls');
    expect(finish.usage).toMatchObject({ inputTokens: 4, outputTokens: 2, estimated: false });
  });

  test.each([
    ['split over many chunks', { splitToolInput: 20 }],
    ['whole in one chunk', { wholeToolCall: true }],
  ])('reads a tool call that comes %s', async (_name, shape) => {
    const { run } = await start(type, [{ toolCalls: [CALL], ...shape }]);
    const parts = await run();
    expect(callsOf(parts)).toEqual([{ callId: CALL.id, name: 'bash', input: '{"command":"echo hi"}' }]);
    const started = parts.findIndex((part) => part.type === 'tool_call_start');
    expect(started).toBeLessThan(parts.findIndex((part) => part.type === 'tool_call'));
    const streamed = parts.map((part) => (part.type === 'tool_call_input' ? part.text : '')).join('');
    expect(streamed).toBe('{"command":"echo hi"}');
  });

  test('reads empty arguments as an empty object', async () => {
    const { run } = await start(type, [{ toolCalls: [CALL], emptyArguments: true }]);
    expect(callsOf(await run())).toEqual([{ callId: CALL.id, name: 'bash', input: '{}' }]);
  });

  test('keeps parallel calls apart and in order', async () => {
    const toolCalls = [0, 1, 2].map((index) => ({
      id: `call_${index}`,
      name: 'bash',
      input: { command: `${index}` },
    }));
    const { run } = await start(type, [{ text: 'Three calls.', toolCalls }]);
    expect(callsOf(await run()).map(({ callId, input }) => [callId, input])).toEqual([
      ['call_0', '{"command":"0"}'],
      ['call_1', '{"command":"1"}'],
      ['call_2', '{"command":"2"}'],
    ]);
  });

  test('streams reasoning before the text', async () => {
    const { run } = await start(type, [
      { reasoning: 'let me think', signature: 'c2lnbmF0dXJl', text: 'answer' },
    ]);
    const parts = await run({}, { reasoningEffort: 'low' });
    expect(reasoningOf(parts)).toBe('let me think');
    expect(textOf(parts)).toBe('answer');
    const end = parts.findIndex((part) => part.type === 'reasoning_end');
    expect(end).toBeGreaterThan(0);
    expect(end).toBeLessThan(parts.findIndex((part) => part.type === 'text'));
  });

  test('estimates usage when the provider sends none', async () => {
    const { run } = await start(type, [{ text: '12345678', usage: null }]);
    const { usage } = finishOf(await run());
    expect(usage).toMatchObject({ outputTokens: 2, estimated: true });
    expect(usage.inputTokens).toBeGreaterThan(10);
  });

  test('says length when the answer was cut at the token limit', async () => {
    const { run } = await start(type, [
      { text: 'cut', finishReason: type === 'anthropic' ? 'max_tokens' : 'length' },
    ]);
    expect(finishOf(await run()).stopReason).toBe('length');
  });

  test.each(['mid-chunk', 'before-finish'] as const)(
    'withdraws the partial answer and retries when the connection is cut %s',
    async (cut) => {
      const { run, waits } = await start(type, [{ text: 'half of', cut }, { text: 'all of it' }]);
      const parts = await run();
      expect(parts.filter((part) => part.type === 'restart')).toHaveLength(1);
      expect(textOf(parts)).toBe('all of it');
      expect(finishOf(parts).stopReason).toBe('stop');
      expect(waits).toEqual([2_000]);
    },
  );

  test('gives up after two retries, with the waits doubled', async () => {
    const { run, waits, server } = await start(type, [{ status: 503, errorMessage: 'busy' }]);
    const finish = finishOf(await run());
    expect(finish.stopReason).toBe('error');
    expect(finish.error).toEqual({
      code: 'unavailable',
      message: 'The provider answered 503: busy',
      status: 503,
    });
    expect(server.requests).toHaveLength(3);
    expect(waits).toEqual([2_000, 4_000]);
  });

  test('honours retry-after below a minute only', async () => {
    const { run, waits } = await start(type, [
      { status: 429, retryAfter: '7' },
      { status: 429, retryAfter: '61' },
      { text: 'ok' },
    ]);
    expect(textOf(await run())).toBe('ok');
    expect(waits).toEqual([7_000, 4_000]);
  });

  test('honours retry-after-ms', async () => {
    const { run, waits } = await start(type, [{ status: 429, retryAfterMs: 150 }, { text: 'ok' }]);
    await run();
    expect(waits).toEqual([150]);
  });

  test.each([
    [401, 'auth', 'bad key'],
    [400, 'bad_request', 'no such parameter'],
    [404, 'bad_request', 'no such model'],
    [400, 'context_overflow', 'prompt is too long: 300000 tokens > 200000 maximum'],
  ] as const)('does not retry status %i and calls it %s', async (status, code, errorMessage) => {
    const { run, server } = await start(type, [{ status, errorMessage }]);
    const { error } = finishOf(await run());
    expect(error).toMatchObject({ code, status });
    expect(error?.message).toContain(errorMessage);
    expect(server.requests).toHaveLength(1);
  });

  test('never repeats the key that a provider echoes, and keeps the message short', async () => {
    const echo = `Incorrect API key provided: ${API_KEY}. Authorization: Bearer ${API_KEY}. ${'x'.repeat(1_000)}`;
    const { run } = await start(type, [{ status: 401, errorMessage: echo }]);
    const message = finishOf(await run()).error?.message ?? '';
    expect(message).toContain('401');
    expect(message).not.toContain(API_KEY);
    expect(message.length).toBeLessThanOrEqual(300);
  });

  test('ends with the error of an error event inside the stream', async () => {
    const errorEvent = { type: 'invalid_request_error', message: 'something is wrong' };
    const { run } = await start(type, [{ text: 'begun', errorEvent }]);
    const { error, stopReason } = finishOf(await run());
    expect(stopReason).toBe('error');
    expect(error?.message).toContain('something is wrong');
  });

  test('ends with the error of an error event that comes first', async () => {
    const errorEvent = { type: 'invalid_request_error', message: 'something is wrong' };
    const { run, server } = await start(type, [{ errorEvent }]);
    const { error } = finishOf(await run());
    expect(error).toMatchObject({ code: 'bad_request' });
    expect(error?.message).toContain('something is wrong');
    expect(server.requests).toHaveLength(1);
  });

  test('retries when the stream says that the provider is overloaded', async () => {
    const errorEvent = { type: 'overloaded_error', message: 'overloaded' };
    const { run } = await start(type, [{ text: 'begun', errorEvent }, { text: 'fine' }]);
    expect(textOf(await run())).toBe('fine');
  });

  test.each([
    ['a page', { contentType: 'text/html', body: '<html><body>Welcome</body></html>' }],
    ['JSON', { contentType: 'application/json', body: '{"hello":"world"}' }],
    [
      'rubbish in the stream',
      { contentType: 'text/event-stream', body: 'data: {"choices":[{"delta"\n\n\u0000\u0001' },
    ],
    ['text', { contentType: 'text/plain', body: 'go away' }],
  ])('ends with a protocol error when the provider sends %s', async (_name, rubbish) => {
    const { run } = await start(type, [{ rubbish }]);
    const finish = finishOf(await run());
    expect(finish.stopReason).toBe('error');
    expect(finish.error?.code).toBe('protocol');
  });

  test('names the error of a JSON body that came with status 200', async () => {
    const rubbish = { contentType: 'application/json', body: '{"error":{"message":"model is gone"}}' };
    const { run } = await start(type, [{ rubbish }]);
    expect(finishOf(await run()).error?.message).toContain('model is gone');
  });

  test('does not follow redirects', async () => {
    const { run, server } = await start(type, [{ redirect: '/v1/chat/completions' }]);
    expect(finishOf(await run()).error?.code).toBe('refused_address');
    expect(server.requests).toHaveLength(1);
  });

  test('an abort cancels the HTTP request at once', async () => {
    const { model, request, server } = await start(type, [{ text: 'first', stall: true }]);
    const abort = new AbortController();
    const parts: ModelPart[] = [];
    for await (const part of model.stream(request(), abort.signal)) {
      parts.push(part);
      if (part.type === 'text') abort.abort();
    }
    expect(finishOf(parts)).toMatchObject({ stopReason: 'cancelled' });
    expect(finishOf(parts).error).toBeUndefined();
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
  });

  test('an abort before the first byte cancels as well', async () => {
    const { model, request, server } = await start(type, [{ delayMs: 60_000 }]);
    const abort = new AbortController();
    const parts: ModelPart[] = [];
    const reading = (async () => {
      for await (const part of model.stream(request(), abort.signal)) parts.push(part);
    })();
    await expect.poll(() => server.requests.length).toBe(1);
    abort.abort();
    await reading;
    expect(parts).toMatchObject([{ type: 'finish', stopReason: 'cancelled' }]);
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
  });

  test('an aborted signal sends nothing', async () => {
    const { model, request, server } = await start(type, [{ text: 'x' }]);
    const parts: ModelPart[] = [];
    for await (const part of model.stream(request(), AbortSignal.abort())) parts.push(part);
    expect(parts).toMatchObject([{ type: 'finish', stopReason: 'cancelled' }]);
    expect(server.requests).toHaveLength(0);
  });

  test('an abort ends the wait before a retry', async () => {
    const abort = new AbortController();
    const sleep = async (): Promise<void> => abort.abort();
    const { model, request, server } = await start(type, [{ status: 500 }], { sleep });
    const parts: ModelPart[] = [];
    for await (const part of model.stream(request(), abort.signal)) parts.push(part);
    expect(parts).toMatchObject([{ type: 'restart' }, { type: 'finish', stopReason: 'cancelled' }]);
    expect(server.requests).toHaveLength(1);
  });

  test.each([
    ['in the middle of the answer', { text: 'x', stall: true }],
    ['before the answer', { delayMs: 60_000 }],
  ])('a provider that falls silent %s is unavailable, and retried', async (_name, step) => {
    const { run, server } = await start(type, [step], { stallMs: 80 });
    const { error } = finishOf(await run());
    expect(error).toMatchObject({ code: 'unavailable' });
    expect(error?.message).toContain('sent nothing');
    expect(server.requests).toHaveLength(3);
  });

  test('a slow reader does not look like a silent provider', async () => {
    const { model, request } = await start(type, [{ deltas: 2, text: 'ab' }], { stallMs: 400 });
    let text = '';
    for await (const part of model.stream(request(), new AbortController().signal)) {
      if (part.type === 'text') text += part.text;
      if (part.type === 'restart') text = 'restarted';
      await new Promise((resolve) => setTimeout(resolve, 450));
    }
    expect(text).toBe('ab');
  });

  test('leaving the stream early cancels the request', async () => {
    const { model, request, server } = await start(type, [{ text: 'first', stall: true }]);
    for await (const part of model.stream(request(), new AbortController().signal)) {
      if (part.type === 'text') break;
    }
    await expect.poll(() => server.requests[0]?.aborted).toBe(true);
  });

  test('says that nobody answers, without the address', async () => {
    const { run, server } = await start(type, []);
    const { port } = new URL(server.url);
    await server.close();
    const { error } = finishOf(await run());
    expect(error).toEqual({
      code: 'unavailable',
      message: 'The provider could not be reached (ECONNREFUSED).',
    });
    expect(error?.message).not.toContain(port);
  });

  test('a base URL of a tenant must be public and https', async () => {
    const { run, server } = await start(type, [{ text: 'x' }]);
    for (const baseUrl of [`${server.url}/v1`, 'https://127.0.0.1/v1', 'https://u:p@example.com/v1']) {
      const { error } = finishOf(await run({}, { trusted: false, baseUrl }));
      expect(error?.code).toBe('refused_address');
    }
    expect(server.requests).toHaveLength(0);
  });

  test('a tenant host name that resolves to a private address is refused when it is dialled', async () => {
    const resolve = ((_name: string, _options: unknown, callback: (error: null, all: unknown) => void) => {
      callback(null, [
        { address: '8.8.8.8', family: 4 },
        { address: '127.0.0.1', family: 4 },
      ]);
    }) as unknown as typeof import('node:dns').lookup;
    const { run } = await start(type, [{ text: 'x' }], { resolve });
    const { error } = finishOf(await run({}, { trusted: false, baseUrl: 'https://rebind.example/v1' }));
    expect(error?.code).toBe('refused_address');
  });

  test('sends the session id, the model, the limit and the tools', async () => {
    const { run, server } = await start(type, [{ text: 'x' }]);
    await run({ maxTokens: 40 }, { temperature: 0.5 });
    const [sent] = server.requests;
    expect(sent?.headers['x-session-id']).toBe('session-1');
    expect(sent?.headers['user-agent']).toContain('crush-test/1.0');
    expect(sent?.body).toMatchObject({ model: 'scripted', stream: true, max_tokens: 40, temperature: 0.5 });
    expect(sent?.body.tools).toHaveLength(1);
    expect(sent?.body.messages?.at(-1)?.role).toBe('user');
  });
});
