import { expect, test } from 'vitest';
import { originAllowed, readHandshake } from './handshake.ts';

const read = (url: string, headers: Record<string, string> = {}) => readHandshake({ url, headers });

test('prefers the token of the query, then the header, then the subprotocol', () => {
  const headers = { authorization: 'Bearer from-header', 'sec-websocket-protocol': 'x, bearer.a.b.c' };
  expect(read('/ws?token=from-query&session_id=s', headers)).toMatchObject({
    token: 'from-query',
    sessionId: 's',
  });
  expect(read('/ws', headers).token).toBe('from-header');
  expect(read('/ws', { 'sec-websocket-protocol': 'x, bearer.a.b.c' })).toMatchObject({
    token: 'a.b.c',
    protocol: 'bearer.a.b.c',
  });
});

test('an empty or oversized token is none', () => {
  expect(read('/ws?token=').token).toBeNull();
  expect(read(`/ws?token=${'x'.repeat(9000)}`).token).toBeNull();
  expect(read('/ws', { cookie: 'token=x' }).token).toBeNull();
  expect(read('/ws', { 'sec-websocket-protocol': 'bearer.a.b' }).token).toBeNull();
});

test('compares origins exactly and lets clients without one pass', () => {
  const allowed = new Set(['https://crush.example']);
  expect(originAllowed(null, allowed)).toBe(true);
  expect(originAllowed('https://crush.example', allowed)).toBe(true);
  for (const origin of [
    'null',
    '',
    'https://CRUSH.example',
    'https://crush.example.evil.com',
    'https://a, b',
  ]) {
    expect(originAllowed(origin, allowed)).toBe(false);
  }
});
