import fc from 'fast-check';
import { expect, test } from 'vitest';
import { parseClientFrame } from './parse-client-frame.ts';

const parse = (value: unknown) => parseClientFrame(JSON.stringify(value));

test('accepts the frames of the protocol, whichever way the session is spelled', () => {
  for (const frame of [
    { type: 'message', content: 'hi', sessionID: 's' },
    { type: 'message', content: 'hi', session_id: 's', images: [], client_msg_id: 'm' },
    { type: 'reconnect', sessionID: 's', lastMsgId: '' },
    {
      type: 'permission_response',
      id: 'p',
      tool_call_id: 't',
      session_id: 's',
      granted: true,
      denied: false,
    },
    { type: 'cancel', sessionID: 's' },
    { type: 'summarize', sessionID: 's' },
    { type: 'auth', token: 't' },
    { type: 'ping' },
  ]) {
    expect(parse(frame)).toMatchObject({ ok: true, frame });
  }
});

test('refuses everything else without throwing', () => {
  fc.assert(
    fc.property(fc.oneof(fc.json(), fc.string()), (text) => {
      expect(parseClientFrame(text).ok).toBe(false);
    }),
  );
  for (const value of [null, 1, [], {}, { type: '__proto__' }, { type: 'message' }, { Type: 'ping' }]) {
    expect(parse(value)).toMatchObject({ ok: false, hostile: false });
  }
});

test('brackets inside strings do not count as nesting', () => {
  expect(parse({ type: 'message', content: `"\\"${'[{'.repeat(500)}` }).ok).toBe(true);
});

test('calls deep nesting hostile, in time that grows with its length only', () => {
  for (const depth of [30_000, 5_000_000]) {
    const bomb = `{"type":"reconnect","lastMsgId":${'['.repeat(depth)}`;
    expect(parseClientFrame(bomb)).toMatchObject({ ok: false, hostile: true });
  }
});

test('never repeats what the client sent', () => {
  const answer = parse({ type: 'message', content: 'x', images: [{ url: 1, 'secret-value': 2 }] });
  expect(JSON.stringify(answer)).not.toContain('secret-value');
});
