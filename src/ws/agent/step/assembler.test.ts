import { expect, test } from 'vitest';
import type { ModelPart } from '#domain/provider/index.ts';
import { createAssembler } from './assembler.ts';

function assemble(...stream: ModelPart[]) {
  let calls = 0;
  const assembler = createAssembler({
    now: () => 7,
    newCallId: () => {
      calls += 1;
      return `call-${calls}`;
    },
  });
  const deltas = stream.flatMap((part) => assembler.apply(part));
  return { assembler, deltas };
}

test('text pieces become one part and one delta each', () => {
  const { assembler, deltas } = assemble({ type: 'text', text: 'a' }, { type: 'text', text: 'b' });
  expect(assembler.parts()).toEqual([{ type: 'text', text: 'ab' }]);
  expect(deltas.map(({ content }) => content)).toEqual(['a', 'b']);
});

test('reasoning ends with its signature before the text begins', () => {
  const { assembler } = assemble(
    { type: 'reasoning_start', blockId: 'r' },
    { type: 'reasoning', blockId: 'r', text: 'hm' },
    { type: 'reasoning_end', blockId: 'r', signature: 's' },
    { type: 'text', text: 'a' },
  );
  expect(assembler.parts()).toEqual([
    { type: 'reasoning', thinking: 'hm', started_at: 7, finished_at: 7, signature: 's' },
    { type: 'text', text: 'a' },
  ]);
});

test('each block of reasoning is a part with metadata of its own, also without text', () => {
  const { assembler } = assemble(
    { type: 'reasoning_start', blockId: 'a' },
    { type: 'reasoning', blockId: 'a', text: 'one' },
    { type: 'reasoning_end', blockId: 'a', providerMetadata: { p: { signature: 's1' } } },
    { type: 'text', text: 'x' },
    { type: 'reasoning_start', blockId: 'b' },
    { type: 'reasoning_end', blockId: 'b', providerMetadata: { p: { redactedData: 'r' } } },
    { type: 'reasoning_start', blockId: 'c' },
    { type: 'reasoning_end', blockId: 'c' },
    { type: 'tool_call', callId: 'p1', name: 'ls', input: '{}' },
  );
  expect(assembler.parts()).toMatchObject([
    { type: 'reasoning', thinking: 'one', provider_metadata: { p: { signature: 's1' } } },
    { type: 'text', text: 'x' },
    { type: 'reasoning', thinking: '', provider_metadata: { p: { redactedData: 'r' } } },
    { type: 'tool_call', provider_call_id: 'p1' },
  ]);
});

test('blocks that overlap keep their own text and metadata', () => {
  const { assembler } = assemble(
    { type: 'reasoning_start', blockId: 'a' },
    { type: 'reasoning_start', blockId: 'b' },
    { type: 'reasoning', blockId: 'b', text: 'two' },
    { type: 'reasoning', blockId: 'a', text: 'one' },
    { type: 'text', text: 'x' },
    { type: 'reasoning_end', blockId: 'b', signature: 'sb' },
    { type: 'reasoning_end', blockId: 'a', signature: 'sa' },
  );
  expect(assembler.parts()).toMatchObject([
    { thinking: 'one', signature: 'sa', finished_at: 7 },
    { thinking: 'two', signature: 'sb' },
    { text: 'x' },
  ]);
});

test('text that turns out to have been reasoning is stored as such', () => {
  const { assembler } = assemble(
    { type: 'text', text: 'hm' },
    { type: 'text_was_reasoning' },
    { type: 'text', text: 'a' },
  );
  expect(assembler.parts()).toMatchObject([
    { type: 'reasoning', thinking: 'hm' },
    { type: 'text', text: 'a' },
  ]);
});

test('a call that comes in one piece is announced with its whole input', () => {
  const { assembler, deltas } = assemble({ type: 'tool_call', callId: 'p1', name: 'ls', input: '' });
  expect(assembler.calls()).toEqual([{ id: 'call-1', providerCallId: 'p1', name: 'ls', input: '{}' }]);
  expect(deltas.map(({ delta_type }) => delta_type)).toEqual(['tool_call', 'tool_call_input']);
});

test('interleaved pieces of two calls stay apart, and the input is streamed once', () => {
  const { assembler, deltas } = assemble(
    { type: 'tool_call_start', callId: 'x', name: 'a' },
    { type: 'tool_call_start', callId: 'y', name: 'b' },
    { type: 'tool_call_input', callId: 'x', text: '{"p"' },
    { type: 'tool_call_input', callId: 'y', text: '{}' },
    { type: 'tool_call_input', callId: 'x', text: ':1}' },
    { type: 'tool_call', callId: 'x', name: 'a', input: '{"p":1}' },
    { type: 'tool_call', callId: 'y', name: 'b', input: '{}' },
  );
  expect(assembler.calls().map(({ input }) => input)).toEqual(['{"p":1}', '{}']);
  expect(deltas.filter(({ delta_type }) => delta_type === 'tool_call_input')).toHaveLength(3);
});

test('a provider that repeats an id makes two calls with ids of their own', () => {
  const { assembler } = assemble(
    { type: 'tool_call', callId: 'x', name: 'a', input: '{}' },
    { type: 'tool_call', callId: 'x', name: 'a', input: '{}' },
  );
  expect(assembler.calls().map(({ id }) => id)).toEqual(['call-1', 'call-2']);
});

test('nothing is left after a reset', () => {
  const { assembler } = assemble({ type: 'text', text: 'a' });
  assembler.reset();
  expect(assembler.parts()).toEqual([]);
});
