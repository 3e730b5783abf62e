import type { ChannelReply, FrameKind } from '#infra/sandbox/wire/channel-wire.ts';
import { encodeFrame } from '#infra/sandbox/wire/channel-wire.ts';

/** A caller that lets this much pile up does not read at all. */
const MAX_BUFFERED_BYTES = 64 * 1024 * 1024;

/** The part of a WebSocket that a channel needs. */
export interface ChannelSocket {
  send(data: string | Buffer): void;
  /** Bytes that wait to be written. */
  buffered(): number;
  close(code: number, reason: string): void;
  terminate(): void;
}

/** The way back to the caller; silent once the channel is gone. */
export interface Outlet {
  reply(message: ChannelReply): void;
  frame(kind: FrameKind, id: number, payload: Uint8Array): void;
  buffered(): number;
  end(): void;
}

export function createOutlet(socket: ChannelSocket): Outlet {
  let open = true;

  function send(data: string | Buffer): void {
    if (!open) return;
    if (socket.buffered() > MAX_BUFFERED_BYTES) {
      open = false;
      socket.terminate();
      return;
    }
    socket.send(data);
  }

  return {
    reply: (message) => send(JSON.stringify(message)),
    frame: (kind, id, payload) => send(encodeFrame(kind, id, payload)),
    buffered: () => socket.buffered(),
    end() {
      open = false;
    },
  };
}
