import type { Readable } from 'node:stream';
import { CHANNEL_WINDOW_BYTES, framePayloads } from '#infra/sandbox/wire/channel-wire.ts';

export interface Pump {
  grant(bytes: number): void;
  discardBeyondGrant(): void;
}

/** Gives of a stream exactly what its reader grants, and leaves the rest in the process's pipe. */
export function createPump(stream: Readable, to: { data(bytes: Uint8Array): void; end(): void }): Pump {
  let granted = CHANNEL_WINDOW_BYTES;
  let discarding = false;
  let ended = false;

  function end(): void {
    if (!ended) to.end();
    ended = true;
  }

  stream.on('data', (chunk: Buffer) => {
    const taken = chunk.subarray(0, granted);
    granted -= taken.length;
    for (const piece of framePayloads(taken)) to.data(piece);
    if (granted > 0 || discarding) return;
    stream.pause();
    if (taken.length < chunk.length) stream.unshift(chunk.subarray(taken.length));
  });
  stream.once('end', end);
  stream.once('close', end);
  stream.on('error', () => {});

  return {
    grant(bytes) {
      granted += bytes;
      if (stream.isPaused()) stream.resume();
    },
    discardBeyondGrant() {
      discarding = true;
      stream.resume();
    },
  };
}
