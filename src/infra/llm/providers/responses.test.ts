import { Response } from 'undici';
import { describe, expect, test } from 'vitest';
import type { ModelPart, ModelRequest, PromptMessage, PromptPart } from '#domain/provider/index.ts';
import { createProviderFetch } from '../http/provider-fetch.ts';
import { type AttemptEnd, runAttempt } from '../stream/attempt.ts';
import { testSelection } from '../test-selection.ts';
import { AS_IT_IS } from './adapter.ts';
import { openaiAdapter } from './openai.ts';

type Event = { type: string } & Record<string, unknown>;

const CREATED: Event = { type: 'response.created', response: { id: 'r1', created_at: 1, model: 'gpt-5.2' } };
const USAGE = { input_tokens: 10, output_tokens: 4, input_tokens_details: { cached_tokens: 6 } };
const COMPLETED: Event = { type: 'response.completed', response: { incomplete_details: null, usage: USAGE } };

const REQUEST: ModelRequest = {
  selection: testSelection(
    { providerType: 'openai', apiKey: 'sk-test-000000', reasoningEffort: 'high' },
    { id: 'gpt-5.2', canReason: true },
  ),
  messages: [
    { role: 'system', text: 'be brief' },
    { role: 'user', parts: [{ type: 'text', text: 'hi' }] },
    {
      role: 'assistant',
      parts: [
        {
          type: 'reasoning',
          text: 'before',
          providerMetadata: { openai: { itemId: 'rs_0', reasoningEncryptedContent: 'cipher' } },
        },
        { type: 'tool_call', id: 'functions.ls:0', name: 'ls', input: {} },
      ],
    },
    {
      role: 'tool',
      results: [{ toolCallId: 'functions.ls:0', toolName: 'ls', text: 'a.txt', isError: false }],
    },
  ],
  tools: [{ name: 'ls', description: 'Lists.', inputSchema: { type: 'object', properties: {} } }],
  sessionId: 's1',
};

/** One call of the Responses API that is answered with the events. */
async function call(
  events: Event[],
  request: ModelRequest = REQUEST,
): Promise<{ parts: ModelPart[]; end: AttemptEnd; body: Record<string, unknown> }> {
  let body: Record<string, unknown> = {};
  const fetch = createProviderFetch({
    fetch: async (url, init) => {
      expect(url).toBe('https://api.openai.com/v1/responses');
      body = JSON.parse(String(init.body)) as Record<string, unknown>;
      const text = events
        .map((event) => `event: ${event.type}\r\ndata: ${JSON.stringify(event)} \r\n\r\n`)
        .join('');
      return new Response(text, { headers: { 'content-type': 'text/event-stream' } });
    },
    normalizer: openaiAdapter.normalizer(REQUEST.selection),
    stallMs: 1_000,
  });
  const model = openaiAdapter.createModel(REQUEST.selection, fetch);
  const deps = { adapter: openaiAdapter, model, headers: {}, adjustments: AS_IT_IS, now: () => 0 };
  const running = runAttempt(deps, request, new AbortController().signal);
  const parts: ModelPart[] = [];
  for (;;) {
    const { done, value } = await running.next();
    if (done) return { parts, end: value, body };
    parts.push(value);
  }
}

describe('the Responses API', () => {
  test('streams text and usage', async () => {
    const { parts, end } = await call([
      CREATED,
      { type: 'response.output_item.added', output_index: 0, item: { type: 'message', id: 'm1' } },
      { type: 'response.output_text.delta', item_id: 'm1', delta: 'Hel' },
      { type: 'response.output_text.delta', item_id: 'm1', delta: 'lo' },
      { type: 'response.output_item.done', output_index: 0, item: { type: 'message', id: 'm1' } },
      COMPLETED,
    ]);
    expect(parts).toEqual([
      { type: 'text', text: 'Hel' },
      { type: 'text', text: 'lo' },
    ]);
    expect(end).toEqual({
      type: 'ended',
      stopReason: 'stop',
      usage: { inputTokens: 4, outputTokens: 4, cacheReadTokens: 6, cacheWriteTokens: 0, estimated: false },
    });
  });

  test('streams reasoning with its encrypted content, and a call', async () => {
    const reasoning = { type: 'reasoning', id: 'rs_1', encrypted_content: 'cipher-1' };
    const item = { type: 'function_call', id: 'fc_1', call_id: 'call_1', name: 'ls', arguments: '' };
    const { parts, end } = await call([
      CREATED,
      { type: 'response.output_item.added', output_index: 0, item: reasoning },
      { type: 'response.reasoning_summary_part.added', item_id: 'rs_1', summary_index: 0 },
      { type: 'response.reasoning_summary_text.delta', item_id: 'rs_1', summary_index: 0, delta: 'hm' },
      { type: 'response.output_item.done', output_index: 0, item: reasoning },
      { type: 'response.output_item.added', output_index: 1, item },
      { type: 'response.function_call_arguments.delta', item_id: 'fc_1', output_index: 1, delta: '{}' },
      {
        type: 'response.output_item.done',
        output_index: 1,
        item: { ...item, arguments: '{}', status: 'completed' },
      },
      COMPLETED,
    ]);
    expect(parts).toMatchObject([
      { type: 'reasoning_start' },
      { type: 'reasoning', text: 'hm' },
      {
        type: 'reasoning_end',
        providerMetadata: { openai: { itemId: 'rs_1', reasoningEncryptedContent: 'cipher-1' } },
      },
      { type: 'tool_call_start', callId: 'call_1', name: 'ls' },
      { type: 'tool_call_input', callId: 'call_1', text: '{}' },
      { type: 'tool_call', callId: 'call_1', name: 'ls', input: '{}' },
    ]);
    expect(end).toMatchObject({ type: 'ended', stopReason: 'tool_calls' });
  });

  test('stores nothing, brings reasoning back and makes ids fit', async () => {
    const { body } = await call([CREATED, COMPLETED]);
    expect(body).toMatchObject({
      model: 'gpt-5.2',
      stream: true,
      store: false,
      max_output_tokens: 1_000,
      reasoning: { effort: 'high', summary: 'auto' },
      include: ['reasoning.encrypted_content'],
      prompt_cache_key: 's1',
    });
    const input = body.input as Record<string, unknown>[];
    expect(input.find(({ type }) => type === 'reasoning')).toMatchObject({ encrypted_content: 'cipher' });
    const calls = input.filter(({ type }) => String(type).startsWith('function_call'));
    expect(calls).toHaveLength(2);
    expect(calls[0]?.call_id).toMatch(/^functions_ls_0_[0-9a-f]{12}$/);
    expect(calls[1]?.call_id).toBe(calls[0]?.call_id);
  });

  test('each item of reasoning keeps its own content, also without a summary, and goes back as it was', async () => {
    const item = (id: string, cipher: string) => ({ type: 'reasoning', id, encrypted_content: cipher });
    const { parts } = await call([
      CREATED,
      { type: 'response.output_item.added', output_index: 0, item: item('rs_1', '') },
      { type: 'response.reasoning_summary_part.added', item_id: 'rs_1', summary_index: 0 },
      { type: 'response.reasoning_summary_text.delta', item_id: 'rs_1', summary_index: 0, delta: 'one' },
      { type: 'response.reasoning_summary_part.added', item_id: 'rs_1', summary_index: 1 },
      { type: 'response.reasoning_summary_text.delta', item_id: 'rs_1', summary_index: 1, delta: 'two' },
      { type: 'response.output_item.done', output_index: 0, item: item('rs_1', 'cipher-1') },
      { type: 'response.output_item.added', output_index: 1, item: item('rs_2', '') },
      { type: 'response.output_item.done', output_index: 1, item: item('rs_2', 'cipher-2') },
      COMPLETED,
    ]);
    const texts = new Map<string, string>();
    const blocks: PromptPart[] = [];
    for (const part of parts) {
      if (part.type === 'reasoning') texts.set(part.blockId, part.text);
      if (part.type !== 'reasoning_end') continue;
      const { blockId, providerMetadata } = part;
      blocks.push({ type: 'reasoning', text: texts.get(blockId) ?? '', providerMetadata });
    }
    const messages: PromptMessage[] = [
      { role: 'assistant', parts: [...blocks, { type: 'text', text: 'a' }] },
    ];
    const { body } = await call([CREATED, COMPLETED], { ...REQUEST, messages });
    expect(body.input).toMatchObject([
      {
        type: 'reasoning',
        id: 'rs_1',
        encrypted_content: 'cipher-1',
        summary: [{ text: 'one' }, { text: 'two' }],
      },
      { type: 'reasoning', id: 'rs_2', encrypted_content: 'cipher-2', summary: [] },
      { role: 'assistant' },
    ]);
  });

  test('takes a whole response, and one whose fields are odd', async () => {
    const output = [
      {
        type: 'reasoning',
        id: 'rs_1',
        encrypted_content: 'c',
        summary: [{ type: 'summary_text', text: 'hm' }],
      },
      { type: 'message', id: 7, content: [{ type: 'output_text', text: 'hi' }] },
      { type: 'function_call', id: 'fc', call_id: 9, name: ' ls', arguments: { path: '.' }, status: 'odd' },
      { type: 'hologram' },
    ];
    const response = {
      object: 'response',
      status: 'completed',
      output,
      usage: { input_tokens: '3', output_tokens: 1.4 },
    };
    const { parts, end } = await call([response as unknown as Event]);
    expect(parts).toMatchObject([
      { type: 'reasoning_start' },
      { type: 'reasoning', text: 'hm' },
      { type: 'reasoning_end' },
      { type: 'text', text: 'hi' },
      { type: 'tool_call_start', callId: '9', name: 'ls' },
      { type: 'tool_call', input: '{"path":"."}' },
    ]);
    expect(end).toMatchObject({
      type: 'ended',
      stopReason: 'tool_calls',
      usage: { inputTokens: 3, outputTokens: 1 },
    });
  });

  test('a stream that ends without a finish is cut, and worth a retry', async () => {
    const { end } = await call([
      CREATED,
      { type: 'response.output_text.delta', item_id: 'm1', delta: 'Hel' },
    ]);
    expect(end).toMatchObject({
      type: 'failed',
      failure: { retryable: true, error: { code: 'unavailable' } },
    });
  });

  test('names the error of a failed response', async () => {
    const error = { code: 'rate_limit_exceeded', message: 'slow down' };
    const { end } = await call([
      CREATED,
      { type: 'response.failed', sequence_number: 2, response: { error } },
    ]);
    expect(end).toMatchObject({
      type: 'failed',
      failure: {
        retryable: true,
        error: { code: 'rate_limited', message: expect.stringContaining('slow down') },
      },
    });
  });
});
