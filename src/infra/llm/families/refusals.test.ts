import { expect, test } from 'vitest';
import type { ModelError } from '#domain/provider/index.ts';
import { adjustmentFor } from './refusals.ts';

const ALL = { hasImages: true, hasReasoning: true, hasCalls: true, made: new Set<never>() };
const refusal = (message: string, status = 400, code: ModelError['code'] = 'bad_request'): ModelError => ({
  code,
  status,
  message: `The provider answered ${status}: ${message}`,
});

test.each([
  [
    "'messages.2' : for 'role:assistant' the following must be satisfied[('messages.2' : property 'reasoning_content' is unsupported)]",
    'no_reasoning',
  ],
  ['body.messages.2.assistant.reasoning_content: Extra inputs are not permitted', 'no_reasoning'],
  ['Missing `reasoning_content` field in the assistant message at message index 2', 'each_reasoning'],
  [
    'thinking is enabled but reasoning_content is missing in assistant tool call message at index 2',
    'each_reasoning',
  ],
  [
    'messages.1.content.0: `thinking` or `redacted_thinking` blocks in the latest assistant message cannot be modified',
    'no_reasoning',
  ],
  ['messages.1.content.0: Invalid `signature` in `thinking` block', 'no_reasoning'],
  ['Expected `thinking` or `redacted_thinking`, but found `tool_use`', 'no_reasoning'],
  ['Function call is missing a thought_signature in functionCall parts', 'signed_calls'],
  ['Tool call id was abc but must be a-z, A-Z, 0-9, with a length of 9.', 'nine_ids'],
  [
    'messages.0.content.1.image.source.base64.data: The image was specified using the image/png media type',
    'no_images',
  ],
  ['Could not process image', 'no_images'],
  ['something is wrong', 'no_images'],
] as const)('%s: %s', (sentence, adjustment) => {
  expect(adjustmentFor(refusal(sentence), ALL)).toBe(adjustment);
});

test('a router that finds nobody who sees is asked without images', () => {
  expect(adjustmentFor(refusal('No endpoints found that support image input', 404), ALL)).toBe('no_images');
  expect(adjustmentFor(refusal('no such model', 404), ALL)).toBeNull();
});

test('a local server that cannot see says so with 500', () => {
  const error = refusal(
    'image input is not supported - hint: you may need to provide the mmproj',
    500,
    'unavailable',
  );
  expect(adjustmentFor(error, ALL)).toBe('no_images');
});

test.each([
  refusal('no key, no image', 401, 'auth'),
  refusal('slow down, image', 429, 'rate_limited'),
  refusal('the context length is exceeded', 400, 'context_overflow'),
  refusal('image server is down', 503, 'unavailable'),
])('stands: $message', (error) => {
  expect(adjustmentFor(error, ALL)).toBeNull();
});

test('too many bytes may be those of images', () => {
  expect(adjustmentFor(refusal('too large', 413, 'context_overflow'), ALL)).toBe('no_images');
});

test('nothing is changed twice, nor what is not there', () => {
  const none = { hasImages: false, hasReasoning: false, hasCalls: false, made: new Set<never>() };
  expect(
    adjustmentFor(refusal('image, reasoning_content is unsupported, tool call id length 9'), none),
  ).toBeNull();
  expect(adjustmentFor(refusal('something'), { ...ALL, made: new Set(['no_images'] as const) })).toBeNull();
});
