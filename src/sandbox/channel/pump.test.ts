import { randomBytes } from 'node:crypto';
import { PassThrough } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { CHANNEL_WINDOW_BYTES } from '#infra/sandbox/wire/channel-wire.ts';
import { createPump } from './pump.ts';

const turn = () => new Promise((resolve) => setImmediate(resolve));

/** A stream that gives pieces of a size, and what a pump has made of it. */
function open(pieceBytes: number) {
  const stream = new PassThrough({ highWaterMark: 4 * CHANNEL_WINDOW_BYTES });
  const sent: Buffer[] = [];
  let isEnded = false;
  const pump = createPump(stream, {
    data: (bytes) => sent.push(Buffer.from(bytes)),
    end: () => {
      isEnded = true;
    },
  });
  const given = randomBytes(2 * CHANNEL_WINDOW_BYTES);
  for (let at = 0; at < given.length; at += pieceBytes) stream.write(given.subarray(at, at + pieceBytes));
  return { pump, stream, given, sent: () => Buffer.concat(sent), isEnded: () => isEnded };
}

describe('a pump', () => {
  it.each([1_000, 30_001, 65_536, 300_000])(
    'gives no more than was granted, in pieces of %i',
    async (size) => {
      const { pump, stream, given, sent, isEnded } = open(size);
      stream.end();
      await turn();
      let granted = CHANNEL_WINDOW_BYTES;
      expect(sent().length).toBe(granted);
      for (const bytes of [1, 50_000, 32_768]) {
        pump.grant(bytes);
        granted += bytes;
        await turn();
        expect(sent().length).toBe(granted);
      }
      expect(isEnded()).toBe(false);
      pump.grant(CHANNEL_WINDOW_BYTES);
      await turn();
      expect(sent().equals(given)).toBe(true);
      expect(isEnded()).toBe(true);
    },
  );

  it('drops what was not granted once nobody waits for it, and comes to the end', async () => {
    const { pump, stream, given, sent, isEnded } = open(30_001);
    await turn();
    pump.discardBeyondGrant();
    stream.end();
    await turn();
    expect(sent().equals(given.subarray(0, CHANNEL_WINDOW_BYTES))).toBe(true);
    expect(isEnded()).toBe(true);
  });
});
