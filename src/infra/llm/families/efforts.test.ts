import { expect, test } from 'vitest';
import {
  ANTHROPIC_EFFORTS,
  COMMON_EFFORTS,
  effortFor,
  GEMINI_EFFORTS,
  GROQ_EFFORTS,
  MISTRAL_EFFORTS,
  OPENAI_EFFORTS,
  ROUTER_EFFORTS,
} from './efforts.ts';

test.each([
  [COMMON_EFFORTS, 'm', 'medium', 'medium'],
  [COMMON_EFFORTS, 'm', 'max', 'high'],
  [OPENAI_EFFORTS, 'gpt-5', 'minimal', 'minimal'],
  [OPENAI_EFFORTS, 'gpt-5', 'none', 'minimal'],
  [OPENAI_EFFORTS, 'gpt-5.1', 'minimal', 'low'],
  [OPENAI_EFFORTS, 'gpt-5.2', 'max', 'xhigh'],
  [OPENAI_EFFORTS, 'o3-mini', 'xhigh', 'high'],
  [ANTHROPIC_EFFORTS, 'claude-opus-4-6', 'xhigh', 'high'],
  [ANTHROPIC_EFFORTS, 'claude-sonnet-5', 'xhigh', 'xhigh'],
  [ANTHROPIC_EFFORTS, 'claude-sonnet-5', 'minimal', 'low'],
  [GEMINI_EFFORTS, 'gemini-3-pro', 'none', 'low'],
  [GROQ_EFFORTS, 'qwen/qwen3-32b', 'high', 'default'],
  [GROQ_EFFORTS, 'qwen/qwen3-32b', 'none', 'none'],
  [GROQ_EFFORTS, 'openai/gpt-oss-20b', 'xhigh', 'high'],
  [MISTRAL_EFFORTS, 'magistral', 'low', 'high'],
  [ROUTER_EFFORTS, 'x/y', 'max', 'xhigh'],
  [COMMON_EFFORTS, 'm', 'enormous', null],
] as const)('%j: %s is asked for %s with %s', (table, model, wanted, expected) => {
  expect(effortFor(table, model, wanted)).toBe(expected);
});
