import { describe, expect, test } from 'vitest';
import type { PromptMessage } from '#domain/provider/index.ts';
import { type PromptRules, toPrompt, toTools } from './prompt.ts';
import { markPrompt, thinkingOptions } from './providers/anthropic.ts';
import { isOpenai, renameForReasoningModels } from './providers/openai.ts';
import { testSelection } from './test-selection.ts';

const RULES: PromptRules = { supportsImages: true, imagesInToolResults: false, strictToolCallIds: false };
const IMAGE = { mediaType: 'image/png', data: new Uint8Array([1, 2, 3]) };

const HISTORY: PromptMessage[] = [
  { role: 'system', text: 'rules' },
  {
    role: 'user',
    parts: [
      { type: 'text', text: 'look' },
      { type: 'image', ...IMAGE },
    ],
  },
  {
    role: 'assistant',
    parts: [
      { type: 'reasoning', text: 'hm', providerMetadata: { anthropic: { signature: 's' } } },
      { type: 'text', text: ' ' },
      { type: 'tool_call', id: 'functions.view:0', name: 'view', input: { file_path: 'a' } },
    ],
  },
  {
    role: 'tool',
    results: [
      { toolCallId: 'functions.view:0', toolName: 'view', text: 'an image', isError: false, image: IMAGE },
    ],
  },
];

describe('toPrompt', () => {
  test('leaves out empty texts and messages', () => {
    const messages: PromptMessage[] = [
      { role: 'system', text: ' ' },
      { role: 'user', parts: [{ type: 'text', text: '\n' }] },
      { role: 'assistant', parts: [] },
      { role: 'tool', results: [] },
    ];
    expect(toPrompt(messages, RULES)).toEqual([]);
  });

  test('brings the signature of reasoning back', () => {
    expect(toPrompt(HISTORY, RULES)[2]).toMatchObject({
      content: [
        { type: 'reasoning', providerOptions: { anthropic: { signature: 's' } } },
        { type: 'tool-call' },
      ],
    });
  });

  test('moves images of tool results into a user message where the provider wants that', () => {
    const [tool, user, ...rest] = toPrompt(HISTORY, RULES).slice(3);
    expect(tool).toMatchObject({ role: 'tool', content: [{ output: { type: 'text' } }] });
    expect(user).toMatchObject({
      role: 'user',
      content: [{ type: 'text' }, { type: 'file', mediaType: 'image/png' }],
    });
    expect(rest).toEqual([]);
  });

  test('leaves images in tool results where the provider takes them', () => {
    const prompt = toPrompt(HISTORY, { ...RULES, imagesInToolResults: true });
    expect(prompt).toHaveLength(4);
    expect(prompt[3]).toMatchObject({
      content: [
        { output: { type: 'content', value: [{ type: 'text' }, { type: 'image-data', data: 'AQID' }] } },
      ],
    });
  });

  test('sends no image to a model that reads text only', () => {
    const sent = JSON.stringify(toPrompt(HISTORY, { ...RULES, supportsImages: false }));
    expect(sent).not.toContain('image/png');
    expect(sent).toContain('image omitted');
  });

  test('makes ids fit for strict providers, the same for call and result, different for different ids', () => {
    const strict = { ...RULES, strictToolCallIds: true };
    const [call, result] = toPrompt(HISTORY, strict).slice(2);
    const id =
      call?.role === 'assistant' && call.content[1]?.type === 'tool-call' ? call.content[1].toolCallId : '';
    expect(id).toMatch(/^[\w-]{1,64}$/);
    expect(result).toMatchObject({ content: [{ toolCallId: id }] });
    const other = toPrompt(
      [
        {
          role: 'tool',
          results: [{ toolCallId: 'functions.view_0', toolName: 'view', text: '', isError: true }],
        },
      ],
      strict,
    );
    expect(JSON.stringify(other)).not.toContain(id);
  });

  test('sends an input that is no object as an empty one', () => {
    for (const input of [null, undefined, 'not json', 7]) {
      const [message] = toPrompt(
        [{ role: 'assistant', parts: [{ type: 'tool_call', id: 'a', name: 'ls', input }] }],
        RULES,
      );
      expect(message).toMatchObject({ content: [{ input: {} }] });
    }
  });

  test('declares no tools as none', () => {
    expect(toTools([])).toBeUndefined();
  });
});

describe('anthropic', () => {
  test('marks the last system message and the last two messages for the cache', () => {
    const messages: PromptMessage[] = [
      { role: 'system', text: 'a' },
      { role: 'system', text: 'b' },
      ...[1, 2, 3].map(
        (index): PromptMessage => ({ role: 'user', parts: [{ type: 'text', text: `${index}` }] }),
      ),
    ];
    const marked = markPrompt(toPrompt(messages, RULES)).map(
      (message) => message.providerOptions !== undefined,
    );
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
    for (const model of ['gpt-4o', 'gpt-5-chat-latest', 'llama-3', 'my-o3']) {
      expect(renameForReasoningModels({ model, ...body })).toEqual({ model, ...body });
    }
  });
});
