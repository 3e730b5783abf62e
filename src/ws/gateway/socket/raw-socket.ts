import type { Upgraded } from '#http/kit/upgrade/upgrade.ts';
import type { RawSocket } from './outlet.ts';

/** What is sent in one go is one call of the kernel; each wakes the reader and costs more than its bytes. */
export function createRawSocket({ socket, stream }: Upgraded): RawSocket {
  let held = false;

  function hold(): void {
    held = true;
    stream.cork();
    process.nextTick(letGo);
  }

  function letGo(): void {
    if (held) stream.uncork();
    held = false;
  }

  return {
    // Straight to the network: ws would frame the same bytes again for each socket. Without compression it
    // keeps no queue of its own, so whole messages of both never mix.
    send(message) {
      if (socket.readyState !== socket.OPEN) return;
      if (!held) hold();
      stream.write(message);
      // Or what the kernel would have taken counted as a reader's delay.
      if (stream.writableNeedDrain) letGo();
    },
    buffered: () => socket.bufferedAmount,
    ping: () => socket.ping(),
    close: (code, reason) => socket.close(code, reason),
    onDrain: (listener) => stream.on('drain', listener),
  };
}
