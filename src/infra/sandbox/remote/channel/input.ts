import { Writable } from 'node:stream';
import { CHANNEL_WINDOW_BYTES, MAX_FRAME_PAYLOAD_BYTES } from '../../wire/channel-wire.ts';

export interface RemoteInput {
  stream: Writable;
  grant(bytes: number): void;
  /** Nobody reads any more. */
  close(): void;
}

/** Standard input of a process over a channel: never more on the way than the other side has granted. */
export function createRemoteInput(to: { frame(payload: Uint8Array): void; end(): void }): RemoteInput {
  let granted = CHANNEL_WINDOW_BYTES;
  let rest: Buffer = Buffer.alloc(0);
  let written: (() => void) | null = null;

  function pump(): void {
    while (rest.length > 0 && granted > 0) {
      const piece = rest.subarray(0, Math.min(granted, MAX_FRAME_PAYLOAD_BYTES));
      rest = rest.subarray(piece.length);
      granted -= piece.length;
      to.frame(piece);
    }
    if (rest.length > 0) return;
    const callback = written;
    written = null;
    callback?.();
  }

  const stream = new Writable({
    write(chunk: Buffer, _encoding, callback) {
      rest = chunk;
      written = callback;
      pump();
    },
    final(callback) {
      to.end();
      callback();
    },
  });
  // A process that ends before it has read its input is no failure of the caller.
  stream.on('error', () => {});

  return {
    stream,
    grant(bytes) {
      granted += bytes;
      pump();
    },
    close() {
      rest = Buffer.alloc(0);
      pump();
      stream.destroy();
    },
  };
}
