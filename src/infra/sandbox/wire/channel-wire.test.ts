import { expect, test } from 'vitest';
import { decodeFrame, encodeFrame, framePayloads, MAX_FRAME_PAYLOAD_BYTES } from './channel-wire.ts';

test('a frame comes back as it was', () => {
  const payload = Buffer.from([0, 255, 10, 13]);
  expect(decodeFrame(encodeFrame('kept_stderr', 0xffff_fffe, payload))).toEqual({
    kind: 'kept_stderr',
    id: 0xffff_fffe,
    payload,
  });
  expect(decodeFrame(encodeFrame('stdin', 1, Buffer.alloc(0)))?.payload.length).toBe(0);
});

test('what is no frame is not taken for one', () => {
  expect(decodeFrame(Buffer.from([1, 0, 0, 0]))).toBeNull();
  expect(decodeFrame(Buffer.from([9, 0, 0, 0, 1]))).toBeNull();
});

test('large bytes are cut into pieces of a frame', () => {
  const bytes = Buffer.alloc(MAX_FRAME_PAYLOAD_BYTES * 2 + 1, 7);
  const pieces = [...framePayloads(bytes)];
  expect(pieces.map((piece) => piece.length)).toEqual([MAX_FRAME_PAYLOAD_BYTES, MAX_FRAME_PAYLOAD_BYTES, 1]);
  expect(Buffer.concat(pieces).equals(bytes)).toBe(true);
});
