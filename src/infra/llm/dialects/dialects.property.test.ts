import fc from 'fast-check';
import { Response } from 'undici';
import { expect, test } from 'vitest';
import type { ModelPart, ModelRequest, ProviderType } from '#domain/provider/index.ts';
import { createProviderFetch } from '../http/provider-fetch.ts';
import { AS_IT_IS } from '../providers/adapter.ts';
import { ADAPTER_LOADERS } from '../providers/table.ts';
import { type AttemptEnd, runAttempt } from '../stream/attempt.ts';
import { testSelection } from '../test-selection.ts';

/** A value of any type, for fields that mostly hold the right one. */
const odd = fc.oneof(
  fc.constantFrom(null, undefined, true, false, '', ' ', '[DONE]', 0, -1, 1.5, 1e300, [], {}, [null], [{}]),
  fc.string({ maxLength: 6 }),
  fc.dictionary(fc.constantFrom('text', 'type', 'message', 'code', 'name'), fc.string({ maxLength: 4 })),
);
const mostly = <T>(...usual: T[]): fc.Arbitrary<unknown> =>
  fc.oneof({ weight: 4, arbitrary: fc.constantFrom<unknown>(...usual) }, { weight: 1, arbitrary: odd });

const figures = fc.record({
  prompt_tokens: mostly(10),
  completion_tokens: mostly(2),
  input_tokens: mostly(10),
  output_tokens: mostly(3),
  cache_read_input_tokens: mostly(1),
  prompt_tokens_details: fc.oneof(odd, fc.record({ cached_tokens: mostly(4) })),
});
const usage = fc.oneof(figures, odd);
const toolCall = fc.oneof(
  odd,
  fc.record(
    {
      index: mostly(0, 1),
      id: mostly('a', 'b'),
      function: fc.oneof(
        odd,
        fc.record({ name: mostly('bash', 'ba', 'sh'), arguments: mostly('{}', '{"a":', '1}') }),
      ),
    },
    { requiredKeys: [] },
  ),
);
const delta = fc.oneof(
  odd,
  fc.record(
    {
      role: mostly('assistant'),
      content: mostly('hi', '<think>', '</think>'),
      reasoning_content: mostly('hm'),
      reasoning_details: fc.oneof(
        odd,
        fc.array(fc.record({ type: mostly('reasoning.text'), text: mostly('x') })),
      ),
      tool_calls: fc.oneof(odd, fc.array(toolCall, { maxLength: 3 })),
    },
    { requiredKeys: [] },
  ),
);
const chatChunk = fc.record(
  {
    id: odd,
    created: odd,
    choices: fc.oneof(
      odd,
      fc.array(fc.record({ index: mostly(0), delta, finish_reason: mostly(null, 'stop', 'tool_calls') }), {
        maxLength: 2,
      }),
    ),
    usage,
    error: fc.oneof(
      { weight: 6, arbitrary: fc.constantFrom(undefined, null, false, '') },
      { weight: 1, arbitrary: odd },
    ),
  },
  { requiredKeys: [] },
);
const block = fc.record(
  {
    type: mostly('text', 'thinking', 'redacted_thinking', 'tool_use'),
    id: mostly('a'),
    name: mostly('bash'),
    text: mostly(''),
    thinking: mostly(''),
    data: mostly('r'),
    input: mostly({}, { a: 1 }),
  },
  { requiredKeys: ['type'] },
);
const blockDelta = fc.record(
  {
    type: mostly('text_delta', 'thinking_delta', 'signature_delta', 'input_json_delta'),
    text: mostly('hi'),
    thinking: mostly('hm'),
    signature: mostly('s'),
    partial_json: mostly('{}', '{"a":1}'),
    stop_reason: mostly('end_turn', 'tool_use'),
  },
  { requiredKeys: ['type'] },
);
const messageEvent = fc.record(
  {
    type: mostly(
      'message_start',
      'content_block_start',
      'content_block_delta',
      'content_block_stop',
      'message_delta',
      'message_stop',
      'ping',
    ),
    index: mostly(0, 1),
    message: fc.oneof(odd, fc.record({ id: odd, usage })),
    content_block: fc.oneof(odd, block),
    delta: fc.oneof(odd, blockDelta),
    usage,
  },
  { requiredKeys: ['type'] },
);
const item = fc.record(
  {
    type: mostly('message', 'reasoning', 'function_call'),
    id: mostly('i1', 'i2'),
    call_id: mostly('c1'),
    name: mostly('bash'),
    arguments: mostly('{}', ''),
    encrypted_content: mostly('x'),
    summary: fc.oneof(odd, fc.constant([{ text: 's' }])),
  },
  { requiredKeys: ['type'] },
);
const responseEvent = fc.record(
  {
    type: mostly(
      'response.created',
      'response.output_item.added',
      'response.output_item.done',
      'response.output_text.delta',
      'response.function_call_arguments.delta',
      'response.reasoning_summary_part.added',
      'response.reasoning_summary_text.delta',
      'response.completed',
    ),
    output_index: mostly(0, 1),
    summary_index: mostly(0, 1),
    item_id: mostly('i1', 'i2'),
    item: fc.oneof(odd, item),
    delta: mostly('x'),
    response: fc.oneof(odd, fc.record({ usage, incomplete_details: odd, error: odd })),
  },
  { requiredKeys: ['type'] },
);

interface Dialect {
  type: Extract<ProviderType, 'openai-compat' | 'anthropic' | 'openai'>;
  baseUrl: string | null;
}

async function attempt(
  { type, baseUrl }: Dialect,
  text: string,
): Promise<{ parts: ModelPart[]; end: AttemptEnd }> {
  const selection = testSelection(
    { providerType: type, baseUrl, apiKey: 'sk-test-000000' },
    { canReason: true },
  );
  const request: ModelRequest = {
    selection,
    messages: [{ role: 'user', parts: [{ type: 'text', text: 'hi' }] }],
    tools: [{ name: 'bash', description: '', inputSchema: { type: 'object', properties: {} } }],
    sessionId: 's',
  };
  const adapter = await ADAPTER_LOADERS[type]?.();
  if (!adapter) throw new Error(`no adapter for ${type}`);
  const fetch = createProviderFetch({
    fetch: async () => new Response(text, { headers: { 'content-type': 'text/event-stream' } }),
    normalizer: adapter.normalizer(selection),
    stallMs: 5_000,
  });
  const model = adapter.createModel(selection, fetch);
  const deps = { adapter, model, headers: {}, adjustments: AS_IT_IS, now: () => 0 };
  const running = runAttempt(deps, request, new AbortController().signal);
  const parts: ModelPart[] = [];
  for (;;) {
    const { done, value } = await running.next();
    if (done) return { parts, end: value };
    parts.push(value);
  }
}

const UNCLASSIFIED = 'The call of the provider failed.';

const DIALECTS: [string, Dialect, fc.Arbitrary<object>][] = [
  ['chat', { type: 'openai-compat', baseUrl: 'http://127.0.0.1/v1' }, chatChunk],
  ['messages', { type: 'anthropic', baseUrl: null }, messageEvent],
  ['responses', { type: 'openai', baseUrl: null }, responseEvent],
];

test.each(DIALECTS)(
  '%s: whatever comes is an answer or a failure with a reason, with figures that can be stored',
  async (_name, dialect, chunks) => {
    await fc.assert(
      fc.asyncProperty(fc.array(chunks, { maxLength: 12 }), fc.boolean(), async (payloads, isDone) => {
        const text = [...payloads.map((payload) => JSON.stringify(payload)), ...(isDone ? ['[DONE]'] : [])];
        const { parts, end } = await attempt(dialect, text.map((data) => `data: ${data}\n\n`).join(''));
        if (end.type === 'failed') expect(end.failure.error.message).not.toBe(UNCLASSIFIED);
        const { estimated: _, ...counted } = end.usage;
        for (const figure of Object.values(counted))
          expect(Number.isSafeInteger(figure) && figure >= 0).toBe(true);
        const open = new Set<string>();
        for (const part of parts) {
          if (part.type === 'reasoning_start') open.add(part.blockId);
          if (part.type === 'reasoning' || part.type === 'reasoning_end')
            expect(open.has(part.blockId)).toBe(true);
          if (part.type === 'tool_call') expect(part.name).not.toBe('');
        }
      }),
      { numRuns: 60 },
    );
  },
);
