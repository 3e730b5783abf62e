import type { LanguageModelV3Prompt } from '@ai-sdk/provider';
import { describe, expect, test } from 'vitest';
import type { PromptMessage } from '#domain/provider/index.ts';
import { testSelection } from '../test-selection.ts';
import { AS_IT_IS } from './adapter.ts';
import { anthropicAdapter, markPrompt, thinkingOptions, versionedUrl } from './anthropic.ts';
import { isOpenai, renameForReasoningModels } from './openai.ts';

describe('anthropic', () => {
  test('marks the last system message and the last two messages for the cache', () => {
    const messages: LanguageModelV3Prompt = [
      { role: 'system', content: 'a' },
      { role: 'system', content: 'b' },
      ...[1, 2, 3].map((index) => ({
        role: 'user' as const,
        content: [{ type: 'text' as const, text: `${index}` }],
      })),
    ];
    const marked = markPrompt(messages).map((message) => message.providerOptions !== undefined);
    expect(marked).toEqual([false, true, false, true, true]);
  });

  test.each([
    ['claude-sonnet-4-5-20250929', { thinking: { type: 'enabled', budgetTokens: 2_000 } }],
    ['claude-3-7-sonnet-20250219', { thinking: { type: 'enabled', budgetTokens: 2_000 } }],
    ['claude-opus-4-20250514', { thinking: { type: 'enabled', budgetTokens: 2_000 } }],
    ['claude-sonnet-4-6', { thinking: { type: 'adaptive' }, effort: 'low' }],
    ['claude-sonnet-5', { thinking: { type: 'adaptive' }, effort: 'low' }],
    ['MiniMax-M3', { thinking: { type: 'enabled', budgetTokens: 2_000 } }],
  ])('asks %s to think in its own way', (id, expected) => {
    const options = thinkingOptions(testSelection({ reasoningEffort: 'low' }, { id, canReason: true }));
    expect(options).toMatchObject(expected);
  });

  test.each([
    ['https://api.anthropic.com', 'https://api.anthropic.com/v1'],
    ['https://api.anthropic.com/', 'https://api.anthropic.com/v1'],
    ['https://api.anthropic.com/v1/', 'https://api.anthropic.com/v1'],
    ['https://proxy.example/anthropic', 'https://proxy.example/anthropic/v1'],
    ['https://proxy.example/anthropic/v2', 'https://proxy.example/anthropic/v2'],
  ])('%s means %s', (given, expected) => {
    expect(versionedUrl(given)).toBe(expected);
  });

  test('a budget of thinking waits for the end of a tool use that began without', () => {
    const selection = testSelection({ reasoningEffort: 'low' }, { id: 'claude-sonnet-4-5', canReason: true });
    const call = { type: 'tool_call' as const, id: 'a', name: 'ls', input: {} };
    const thought = {
      type: 'reasoning' as const,
      text: '',
      providerMetadata: { anthropic: { signature: 's' } },
    };
    const options = (parts: (typeof call | typeof thought)[]): unknown => {
      const results = [{ toolCallId: 'a', toolName: 'ls', text: '', isError: false }];
      const messages: PromptMessage[] = [
        { role: 'assistant', parts },
        { role: 'tool', results },
      ];
      const request = { selection, messages, tools: [], sessionId: 's' };
      return anthropicAdapter.callOptions(request, AS_IT_IS).providerOptions?.anthropic?.thinking;
    };
    expect(options([call])).toBeUndefined();
    expect(options([thought, call])).toBeDefined();
  });

  test('asks nobody to think who cannot or should not', () => {
    expect(thinkingOptions(testSelection({ reasoningEffort: 'low' }))).toEqual({});
    expect(thinkingOptions(testSelection({ reasoningEffort: null }, { canReason: true }))).toEqual({});
  });
});

describe('openai', () => {
  test.each([
    [null, true],
    ['https://api.openai.com/v1', true],
    ['https://api.openai.com.evil.example/v1', false],
    ['http://localhost:8080/v1', false],
    ['nonsense', false],
  ])('%s is OpenAI itself: %s', (baseUrl, expected) => {
    expect(isOpenai(testSelection({ baseUrl }))).toBe(expected);
  });

  test('renames the token limit for reasoning models only', () => {
    const body = { max_tokens: 5, temperature: 1, top_p: 1 };
    expect(renameForReasoningModels({ model: 'gpt-5.2', ...body })).toEqual({
      model: 'gpt-5.2',
      max_completion_tokens: 5,
    });
    expect(renameForReasoningModels({ model: 'openai/gpt-5', ...body })).not.toHaveProperty('max_tokens');
    for (const model of ['gpt-4o', 'gpt-5-chat-latest', 'llama-3', 'my-o3']) {
      expect(renameForReasoningModels({ model, ...body })).toEqual({ model, ...body });
    }
  });
});
