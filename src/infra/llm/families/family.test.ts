import { expect, test } from 'vitest';
import type { ModelSelection } from '#domain/provider/index.ts';
import { testSelection } from '../test-selection.ts';
import { effortFor } from './efforts.ts';
import { chatFamilyOf } from './family.ts';

function family(over: Partial<ModelSelection>, id = 'm') {
  return chatFamilyOf(testSelection({ baseUrl: 'http://127.0.0.1:1/v1', ...over }, { id }));
}

test.each([
  ['by its id, behind any address', { providerId: 'mistral' }, 'mistral'],
  ['by its host, under any id', { baseUrl: 'https://api.groq.com/openai/v1' }, 'groq'],
  [
    'by its host before its id',
    { providerId: 'mistral', baseUrl: 'https://api.deepseek.com/v1' },
    'deepseek',
  ],
  ['not by a host that looks alike', { baseUrl: 'https://api.groq.com.example/v1' }, 'common'],
  ['OpenAI by its host only', { providerId: 'openai' }, 'common'],
] as const)('a family is known %s', (_how, over, name) => {
  expect(family(over).name).toBe(name);
});

test.each([
  ['mistral', null, false],
  ['groq', null, false],
  ['google', null, false],
  ['cerebras', null, false],
  ['deepseek', 'reasoning_content', true],
  ['moonshotai', 'reasoning_content', true],
  ['zai', 'reasoning_content', true],
  ['openrouter', 'reasoning_details', false],
  ['anything', 'reasoning_content', false],
] as const)('%s wants reasoning back in %s, each time: %s', (providerId, field, isDemanded) => {
  expect(family({ providerId }).reasoning).toEqual({ field, isDemanded });
});

test('a template that reads ids gets them in its form wherever the model is served', () => {
  expect(family({ providerId: 'openrouter' }, 'mistralai/devstral').callIds.accepts('call_1', false)).toBe(
    false,
  );
  expect(family({}, 'moonshotai/Kimi-K2').callIds.accepts('call_1', true)).toBe(false);
  expect(family({ providerId: 'openrouter' }, 'anthropic/claude-5').callIds.accepts('a:b', false)).toBe(
    false,
  );
  expect(family({}, 'qwen3').callIds.accepts('a:b', false)).toBe(true);
});

test.each([
  ['xai', 'grok-4.20-reasoning', null],
  ['cerebras', 'gpt-oss-120b', 'high'],
  ['moonshotai', 'kimi-k3', 'max'],
  ['zai', 'glm-5.3', 'max'],
  ['minimax', 'MiniMax-M2.7', null],
  ['deepseek', 'deepseek-v4-pro', 'max'],
  ['anything', 'm', 'high'],
] as const)('%s is asked for the most that %s knows: %s', (providerId, model, effort) => {
  expect(effortFor(family({ providerId }, model).efforts, model, 'max')).toBe(effort);
});
