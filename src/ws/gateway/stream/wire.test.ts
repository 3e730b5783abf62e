import { expect, test } from 'vitest';
import { DomainError } from '#domain/errors.ts';
import { silentLog } from '#shared/log.ts';
import { encodeEvent, errorFrame, textMessage } from './wire.ts';

/** The payload of a final, unmasked text frame that fills the whole buffer. */
function decode(message: Buffer): string {
  expect(message[0]).toBe(0x81);
  const short = message[1] ?? 0;
  const header = short < 126 ? 2 : short === 126 ? 4 : 10;
  const length =
    header === 2 ? short : header === 4 ? message.readUInt16BE(2) : Number(message.readBigUInt64BE(2));
  const minimal = length < 126 ? 2 : length < 65_536 ? 4 : 10;
  expect([header, message.length]).toEqual([minimal, header + length]);
  return message.toString('utf8', header);
}

test.each([0, 1, 125, 126, 65_535, 65_536, 100_000])('a message of %i bytes is one valid frame', (length) => {
  const text = 'x'.repeat(length);
  expect(decode(textMessage(text))).toBe(text);
});

test('counts bytes, not characters', () => {
  const text = 'é🙂'.repeat(50);
  expect(decode(textMessage(text))).toBe(text);
});

test('an event carries its position first and is otherwise as it was', () => {
  const cursor = { epoch: 'abcdefghijklmnop', seq: 7 };
  const text = decode(encodeEvent({ cursor, body: '{"Type":"pong","a":1}' }));
  expect(text).toBe('{"_streamId":"abcdefghijklmnop-7","Type":"pong","a":1}');
});

test('an unexpected failure says nothing of itself', () => {
  const frame = errorFrame(new Error('password=hunter2'), { sessionId: 's' }, silentLog);
  expect(frame).toEqual({ Type: 'error', session_id: 's', error: 'Something went wrong', code: 'internal' });
  expect(errorFrame(new DomainError('queue_full', 'Full'), { clientMessageId: 'm' }, silentLog)).toEqual({
    Type: 'error',
    error: 'Full',
    code: 'queue_full',
    client_msg_id: 'm',
  });
});
