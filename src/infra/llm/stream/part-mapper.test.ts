import type { LanguageModelV3StreamPart } from '@ai-sdk/provider';
import { describe, expect, test } from 'vitest';
import { createPartMapper, toStopReason } from './part-mapper.ts';

function mapAll(...parts: LanguageModelV3StreamPart[]): unknown[] {
  const mapper = createPartMapper({ tools: new Set(['ls']), thinkTags: true });
  return parts.flatMap((part) => mapper.map(part));
}

describe('createPartMapper', () => {
  test('gathers the signature and the metadata of a reasoning block', () => {
    const parts = mapAll(
      { type: 'reasoning-start', id: '0', providerMetadata: { anthropic: { a: 1 } } },
      { type: 'reasoning-delta', id: '0', delta: 'hm' },
      { type: 'reasoning-delta', id: '0', delta: '', providerMetadata: { anthropic: { signature: 'sig' } } },
      { type: 'reasoning-end', id: '0' },
    );
    expect(parts).toEqual([
      { type: 'reasoning_start', blockId: 'r0' },
      { type: 'reasoning', blockId: 'r0', text: 'hm' },
      {
        type: 'reasoning_end',
        blockId: 'r0',
        signature: 'sig',
        providerMetadata: { anthropic: { a: 1, signature: 'sig' } },
      },
    ]);
  });

  test('a block without text keeps its start, its end and its metadata, apart from the block before it', () => {
    const parts = mapAll(
      { type: 'reasoning-start', id: '0' },
      {
        type: 'reasoning-delta',
        id: '0',
        delta: 'one',
        providerMetadata: { anthropic: { signature: 's1' } },
      },
      { type: 'reasoning-start', id: '1', providerMetadata: { anthropic: { redactedData: 'x' } } },
      { type: 'reasoning-end', id: '1' },
      { type: 'reasoning-end', id: '0' },
    );
    expect(parts).toMatchObject([
      { type: 'reasoning_start', blockId: 'r0' },
      { type: 'reasoning', blockId: 'r0', text: 'one' },
      { type: 'reasoning_start', blockId: 'r1' },
      { type: 'reasoning_end', blockId: 'r1', providerMetadata: { anthropic: { redactedData: 'x' } } },
      { type: 'reasoning_end', blockId: 'r0', signature: 's1' },
    ]);
  });

  test('knows a tool by what the model said, blanks, prefixes and leftovers of its template aside', () => {
    const names = [' ls', 'functions.ls', 'ls<|channel|>json', 'LS', 'other'].flatMap((toolName, at) =>
      mapAll({ type: 'tool-input-start', id: `${at}`, toolName }),
    );
    expect(names.map((part) => (part as { name: string }).name)).toEqual(['ls', 'ls', 'ls', 'ls', 'other']);
  });

  test('announces a call that comes without announcement', () => {
    expect(mapAll({ type: 'tool-call', toolCallId: 'a', toolName: 'ls', input: ' ' })).toEqual([
      { type: 'tool_call_start', callId: 'a', name: 'ls' },
      { type: 'tool_call', callId: 'a', name: 'ls', input: '{}', providerMetadata: undefined },
    ]);
  });

  test('announces a call once, and drops empty deltas', () => {
    const types = mapAll(
      { type: 'tool-input-start', id: 'a', toolName: 'ls' },
      { type: 'tool-input-delta', id: 'a', delta: '' },
      { type: 'tool-input-delta', id: 'a', delta: '{}' },
      { type: 'tool-input-end', id: 'a' },
      { type: 'text-delta', id: '0', delta: '' },
      { type: 'tool-call', toolCallId: 'a', toolName: 'ls', input: '{}' },
    ).map((part) => (part as { type: string }).type);
    expect(types).toEqual(['tool_call_start', 'tool_call_input', 'tool_call']);
  });

  test('keeps the first error', () => {
    const mapper = createPartMapper({ tools: new Set(), thinkTags: false });
    mapper.map({ type: 'error', error: 'first' });
    mapper.map({ type: 'error', error: 'second' });
    expect(mapper.error()).toBe('first');
  });
});

test.each([
  ['stop', 0, 'stop'],
  ['stop', 1, 'tool_calls'],
  ['tool-calls', 0, 'stop'],
  ['tool-calls', 2, 'tool_calls'],
  ['length', 1, 'length'],
  ['content-filter', 0, 'content_filter'],
  ['other', 1, 'tool_calls'],
  ['other', 0, 'unknown'],
] as const)('%s with %i calls means %s', (unified, calls, expected) => {
  expect(toStopReason({ unified, raw: 'x' }, calls)).toBe(expected);
});
