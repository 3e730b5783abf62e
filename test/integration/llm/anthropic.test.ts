import { afterEach, expect, test } from 'vitest';
import type { PromptMessage } from '#domain/provider/index.ts';
import { type Bench, startBench } from './harness.ts';

let bench: Bench | undefined;

afterEach(async () => {
  await bench?.close();
});

const MESSAGES: PromptMessage[] = [
  { role: 'system', text: 'rules' },
  { role: 'user', parts: [{ type: 'text', text: 'first' }] },
  {
    role: 'assistant',
    parts: [
      { type: 'reasoning', text: 'hm', providerMetadata: { anthropic: { signature: 'c2ln' } } },
      { type: 'tool_call', id: 'call_1', name: 'bash', input: { command: 'ls' } },
    ],
  },
  { role: 'tool', results: [{ toolCallId: 'call_1', toolName: 'bash', text: 'a.txt', isError: false }] },
];

test('caches tools, system and the last two messages, and brings the signature back', async () => {
  bench = await startBench('anthropic', [{ text: 'ok' }]);
  await bench.run({ messages: MESSAGES }, { reasoningEffort: 'low' });
  const [sent] = bench.server.requests;
  const cached = { cache_control: { type: 'ephemeral' } };
  expect(sent?.body.tools?.at(-1)).toMatchObject(cached);
  expect(sent?.body.system).toMatchObject([cached]);
  expect(sent?.body.thinking).toEqual({ type: 'enabled', budget_tokens: 2_000 });
  expect(sent?.headers['anthropic-beta']).toContain('interleaved-thinking');
  const [first, assistant, tool] = sent?.body.messages ?? [];
  expect(JSON.stringify(first)).not.toContain('cache_control');
  expect(assistant?.content).toMatchObject([
    { type: 'thinking', thinking: 'hm', signature: 'c2ln' },
    { type: 'tool_use', id: 'call_1', ...cached },
  ]);
  expect(tool?.content).toMatchObject([{ type: 'tool_result', tool_use_id: 'call_1', ...cached }]);
});

test('reads the signature of streamed reasoning', async () => {
  bench = await startBench('anthropic', [{ reasoning: 'let me think', signature: 'c2ln', text: 'ok' }]);
  const parts = await bench.run({}, { reasoningEffort: 'low' });
  expect(parts.find((part) => part.type === 'reasoning_end')).toEqual({
    type: 'reasoning_end',
    blockId: 'r0',
    signature: 'c2ln',
    providerMetadata: { anthropic: { signature: 'c2ln' } },
  });
});
