import { Readable } from 'node:stream';
import { CHANNEL_WINDOW_BYTES } from '../../wire/channel-wire.ts';

/** Granted again in amounts of at least this, well below the window. */
const MIN_GRANT_BYTES = 32 * 1024;

export interface RemoteOutput {
  stream: Readable;
  push(bytes: Buffer): void;
  end(): void;
}

/**
 * What was read is granted again, so that no more than the window waits here. A host refuses a grant above the
 * window, also when it gave more than that itself.
 */
export function createRemoteOutput(grant: (bytes: number) => void): RemoteOutput {
  let ungranted = 0;
  let ended = false;
  const stream = new Readable({ read: settle });
  stream.on('error', () => {});

  function settle(): void {
    while (!ended && ungranted >= MIN_GRANT_BYTES) {
      const bytes = Math.min(ungranted, CHANNEL_WINDOW_BYTES);
      ungranted -= bytes;
      grant(bytes);
    }
  }

  return {
    stream,
    push(bytes) {
      if (ended) return;
      ungranted += bytes.length;
      if (stream.push(bytes)) settle();
    },
    end() {
      if (!ended) stream.push(null);
      ended = true;
    },
  };
}
