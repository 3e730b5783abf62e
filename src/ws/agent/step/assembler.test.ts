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
    { type: 'reasoning', text: 'hm' },
    { type: 'reasoning_end', signature: 's' },
    { type: 'text', text: 'a' },
  );
  expect(assembler.parts()).toEqual([
    { type: 'reasoning', thinking: 'hm', started_at: 7, finished_at: 7, signature: 's' },
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
