import { describe, expect, test } from 'vitest';
import { retryWaitMs } from '../stream/retry.ts';
import { describeFailure } from './describe-failure.ts';
import { ModelFailure, ReportedError } from './failure.ts';
import { providerSentence } from './provider-sentence.ts';
import { redact } from './redact.ts';
import { parseRetryAfter } from './retry-after.ts';

const KEY = 'sk-secret-0123456789';

function describeStatus(statusCode: number, responseBody: string, responseHeaders = {}) {
  return describeFailure(
    Object.assign(new Error('x'), { statusCode, responseBody, responseHeaders }),
    KEY,
    0,
  );
}

describe('describeFailure', () => {
  test.each([
    [401, '{"error":{"message":"no"}}', 'auth', false],
    [403, '{}', 'auth', false],
    [404, '{"error":"model not found"}', 'bad_request', false],
    [408, '', 'unavailable', true],
    [409, '', 'unavailable', true],
    [413, '{"error":{"message":"Request too large"}}', 'context_overflow', false],
    [429, '{"error":{"message":"slow down"}}', 'rate_limited', true],
    [429, '{"error":{"message":"pay","code":"insufficient_quota"}}', 'rate_limited', false],
    [500, '<html>', 'unavailable', true],
    [529, '{"type":"error","error":{"type":"overloaded_error","message":"busy"}}', 'unavailable', true],
    [400, '{"error":{"message":"x","code":"context_length_exceeded"}}', 'context_overflow', false],
  ] as const)('status %i with %s is %s, retryable: %s', (status, body, code, retryable) => {
    expect(describeStatus(status, body)).toMatchObject({ error: { code, status }, retryable });
  });

  test.each([
    [401, 'authentication_error', 'auth', false],
    [403, 'https://errors.example/forbidden', 'auth', false],
    [404, 'not_found_error', 'bad_request', false],
    [400, 'invalid_request_error', 'bad_request', false],
    [429, 'rate_limit_error', 'rate_limited', true],
  ] as const)('a flat body does not hide status %i', (status, type, code, retryable) => {
    const body = JSON.stringify({ type, message: 'flat', title: 'Flat' });
    const failure = describeStatus(status, body, { 'retry-after': '7' });
    expect(failure).toMatchObject({ error: { code, status }, retryable, retryAfterMs: 7_000 });
    expect(failure.error.message).toBe(`The provider answered ${status}: flat`);
  });

  test.each([
    [{ error: { message: 'a', code: 429 } }, 'rate_limited', true],
    [{ error: { message: 'a', code: '400' } }, 'bad_request', false],
    [{ object: 'error', message: 'a', code: 400 }, 'bad_request', false],
    [{ type: 'error', error: { type: 'overloaded_error', message: 'a' } }, 'unavailable', true],
    [{ error: { status: 'RESOURCE_EXHAUSTED', message: 'a' } }, 'rate_limited', true],
    [{ error: { type: 'insufficient_quota', message: 'a' } }, 'rate_limited', false],
    [{ code: 'server_error', message: 'a' }, 'unavailable', true],
    [{ code: 'context_length_exceeded', message: 'a' }, 'context_overflow', false],
    [{ error: 'a' }, 'unavailable', true],
    ['a', 'unavailable', true],
  ] as const)('reads the reported error %j', (report, code, retryable) => {
    const failure = describeFailure(new Error('x', { cause: new ReportedError(report) }), KEY, 0);
    expect(failure).toMatchObject({
      error: { code, message: 'The provider reported an error: a' },
      retryable,
    });
  });

  test('does not show a page as a message', () => {
    expect(describeStatus(502, '<html>secret page</html>').error.message).toBe('The provider answered 502.');
  });

  test('finds a known failure behind wrapped errors', () => {
    const cause = new ModelFailure('refused_address', 'no');
    expect(describeFailure(new Error('a', { cause: new Error('b', { cause }) }), null, 0)).toBe(
      cause.failure,
    );
  });

  test('shows the code of a network error, not its address', () => {
    const cause = Object.assign(new Error('connect ECONNREFUSED 10.1.2.3:11434'), { code: 'ECONNREFUSED' });
    const { error, retryable } = describeFailure(new Error('fetch failed', { cause }), null, 0);
    expect(error).toEqual({
      code: 'unavailable',
      message: 'The provider could not be reached (ECONNREFUSED).',
    });
    expect(retryable).toBe(true);
  });

  test('survives whatever is thrown', () => {
    for (const thrown of [undefined, null, 'text', 7, {}, new Error('')]) {
      expect(describeFailure(thrown, null, 0).error.code).toBe('unavailable');
    }
  });
});

test.each([
  ['{"error":{"message":"a"}}', 'a'],
  ['[{"error":{"message":"a"}}]', 'a'],
  ['{"error":"a"}', 'a'],
  ['{"message":"a"}', 'a'],
  ['{"detail":"a"}', 'a'],
  ['{"detail":[1]}', ''],
  [
    '{"detail":[{"type":"extra_forbidden","loc":["body","messages",2,"assistant"],"msg":"Extra inputs are not permitted"}]}',
    'body.messages.2.assistant: Extra inputs are not permitted',
  ],
  ['{"object":"error","message":{"detail":[{"loc":["body","tools"],"msg":"bad"}]}}', 'body.tools: bad'],
  ['{"errors":[{"message":"a"},{"message":"b"}]}', 'a; b'],
  ['{"errors":["a"]}', 'a'],
  ['{"error":{"message":"{\\"error\\":{\\"message\\":\\"inner\\"}}"}}', 'inner'],
  [
    '{"error":{"message":"Provider returned error","metadata":{"raw":"{\\"message\\":\\"too hot\\"}"}}}',
    'Provider returned error: too hot',
  ],
  ['{"type":"response.failed","response":{"error":{"code":"server_error","message":"a"}}}', 'a'],
  ['{"error":{"message":"","code":"x"},"message":"a"}', 'a'],
  ['Model not found', 'Model not found'],
  ['', ''],
  ['null', ''],
  ['<html>', ''],
])('the message in %s is "%s"', (body, message) => {
  expect(providerSentence(body)).toBe(message);
});

test.each([
  [`key ${KEY} is wrong`, 'key [redacted] is wrong'],
  ['Authorization: Bearer abc.def', 'Authorization: [redacted] [redacted]'],
  ['Incorrect API key provided: sk-ab****************wxyz.', 'Incorrect API key provided: [redacted]'],
  ['upstream 10.0.0.7:8080 is down, see 8.8.8.8', 'upstream [address] is down, see 8.8.8.8'],
])('redacts %s', (text, clean) => {
  const result = redact(text, KEY);
  expect(result).not.toMatch(/secret|abc\.def|sk-ab/);
  if (!text.startsWith('Auth')) expect(result).toBe(clean);
});

describe('retries', () => {
  const now = Date.parse('2026-01-01T00:00:00Z');

  test.each([
    [{ 'retry-after-ms': '250' }, 250],
    [{ 'retry-after': '3' }, 3_000],
    [{ 'retry-after': 'Thu, 01 Jan 2026 00:00:05 GMT' }, 5_000],
    [{ 'retry-after': 'Thu, 01 Jan 2020 00:00:05 GMT' }, 0],
    [{ 'retry-after': 'soon' }, null],
    [{}, null],
  ])('reads %j as %s ms', (headers, ms) => {
    expect(parseRetryAfter(headers, now)).toBe(ms);
  });

  test('wait 2 s, then 4 s, then not at all', () => {
    const failure = describeStatus(500, '');
    expect([1, 2, 3].map((attempt) => retryWaitMs(failure, attempt))).toEqual([2_000, 4_000, null]);
  });

  test('follow the provider below a minute only', () => {
    expect(retryWaitMs(describeStatus(429, '', { 'retry-after': '59' }), 1)).toBe(59_000);
    expect(retryWaitMs(describeStatus(429, '', { 'retry-after': '60' }), 1)).toBe(2_000);
    expect(retryWaitMs(describeStatus(400, ''), 1)).toBeNull();
  });
});
