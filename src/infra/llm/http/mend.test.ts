import { describe, expect, test } from 'vitest';
import { mendAnthropic, mendChat } from './mend.ts';

function chat(chunk: object, event = ''): unknown {
  return JSON.parse(mendChat(JSON.stringify(chunk), event) ?? 'null');
}

function anthropic(chunk: object, event = ''): unknown {
  return JSON.parse(mendAnthropic(JSON.stringify(chunk), event) ?? 'null');
}

describe('mendChat', () => {
  test('leaves a usual chunk as it is', () => {
    const payload = '{"id":"1","choices":[{"index":0,"delta":{"content":"the word \\"error\\""}}]}';
    expect(mendChat(payload, '')).toBe(payload);
  });

  test.each([{ usage: { prompt_tokens: 1 } }, { choices: null, usage: { prompt_tokens: 1 } }])(
    'gives a usage chunk its empty choices: %j',
    (chunk) => {
      expect(chat(chunk)).toEqual({ choices: [], usage: { prompt_tokens: 1 } });
    },
  );

  test.each([
    [{ error: 'boom' }, ''],
    [{ error: { message: 'boom' } }, ''],
    [{ choices: [], error: { message: 'boom', metadata: {} } }, ''],
    [{ message: 'boom' }, 'error'],
  ])('finds the error in %j', (chunk, event) => {
    expect(chat(chunk, event)).toEqual({ error: { type: 'api_error', message: 'boom' } });
  });

  test('drops an error that is null', () => {
    expect(chat({ choices: [], error: null })).toEqual({ choices: [] });
  });

  test('turns arguments that are an object into text, and drops odd roles', () => {
    const call = { index: 0, id: 'a', function: { name: 'f', arguments: { x: 1 } } };
    expect(chat({ choices: [{ delta: { role: 'model', tool_calls: [call] } }] })).toEqual({
      choices: [{ delta: { tool_calls: [{ ...call, function: { name: 'f', arguments: '{"x":1}' } }] } }],
    });
  });

  test('refuses what is not JSON', () => {
    expect(() => mendChat('{"oops"', '')).toThrow('not a model answer');
  });
});

describe('mendAnthropic', () => {
  test('fills in usage that is missing', () => {
    expect(anthropic({ type: 'message_start', message: { id: 'm' } })).toEqual({
      type: 'message_start',
      message: { id: 'm', usage: { input_tokens: 0 } },
    });
    expect(anthropic({ type: 'message_delta', delta: { stop_reason: 'end_turn' } })).toEqual({
      type: 'message_delta',
      delta: { stop_reason: 'end_turn' },
      usage: { output_tokens: 0 },
    });
  });

  test('takes the type from the event name', () => {
    expect(anthropic({}, 'ping')).toEqual({ type: 'ping' });
  });

  test.each([
    { type: 'something_new' },
    { type: 'content_block_start', index: 0, content_block: { type: 'hologram' } },
    { type: 'content_block_delta', index: 0, delta: { type: 'hologram_delta' } },
  ])('skips what it does not know: %j', (chunk) => {
    expect(mendAnthropic(JSON.stringify(chunk), '')).toBeNull();
  });

  test('gives an error its shape', () => {
    expect(anthropic({ error: 'boom' })).toEqual({
      type: 'error',
      error: { type: 'api_error', message: 'boom' },
    });
  });
});
