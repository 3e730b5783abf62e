import { describe, expect, test } from 'vitest';
import { saysOverflow, saysRateLimit, statusOfKind } from './wording.ts';

describe('the context is too long', () => {
  test.each([
    [
      'OpenAI',
      "This model's maximum context length is 128000 tokens. However, your messages resulted in 130000 tokens.",
    ],
    ['OpenAI Responses', 'Your input exceeds the context window of this model.'],
    ['Anthropic', 'prompt is too long: 300000 tokens > 200000 maximum'],
    ['Anthropic', 'input length and `max_tokens` exceed context limit: 190000 + 20000 > 200000'],
    ['Anthropic 413', 'Request exceeds the maximum size'],
    ['Gemini', 'The input token count (1200000) exceeds the maximum number of tokens allowed (1048576).'],
    ['Gemini', 'The input exceeds the maximum number of tokens allowed.'],
    ['Z.ai', 'Prompt exceeds max length'],
    ['Kimi', 'Invalid request: Your request exceeded model token limit: 131072'],
    ['xAI', "This model's maximum prompt length is 131072 but the request contains 200000 tokens."],
    ['Groq', 'Please reduce the length of the messages or completion.'],
    [
      'Mistral',
      'Prompt contains 40000 tokens and 0 draft tokens, too large for model with 32768 maximum context length',
    ],
    ['llama.cpp', 'the request exceeds the available context size. try increasing the context size'],
    ['LM Studio', 'The number of tokens to keep from the initial prompt is greater than the context length.'],
    ['Bedrock', 'Input is too long for requested model.'],
    ['Together', '`inputs` tokens + `max_new_tokens` must be <= 8193. Given: 9000'],
    ['Copilot', 'prompt token count of 200000 exceeds the limit of 128000'],
    ['MiniMax', 'invalid params, context window exceeds limit (2013)'],
    ['Qwen', 'Range of input length should be [1, 129024]'],
  ])('%s: %s', (_provider, sentence) => {
    expect(saysOverflow(sentence)).toBe(true);
  });

  test.each([
    'Request too large for model `llama` on tokens per minute (TPM): Limit 6000, Requested 9000',
    'messages.0.content.1.image.source.base64: image exceeds the limit of 5 MB',
    'no such parameter',
    'max_tokens: 100000 > 8192, which is the maximum allowed number of output tokens',
  ])('but not: %s', (sentence) => {
    expect(saysOverflow(sentence)).toBe(false);
  });
});

test('too much for a minute is a limit of the rate', () => {
  expect(saysRateLimit('Request too large for model on tokens per minute (TPM): Limit 6000')).toBe(true);
});

test.each([
  ['rate_limit_error', 429],
  ['overloaded_error', 503],
  ['authentication_error', 401],
  ['permission_error', 403],
  ['INVALID_ARGUMENT', 400],
  ['UNAVAILABLE', 503],
  ['api_error', null],
  ['', null],
])('%s stands for %s', (kind, status) => {
  expect(statusOfKind(kind)).toBe(status);
});
