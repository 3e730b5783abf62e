import { CLOSE } from '#domain/protocol/close-codes.ts';
import { deferred } from '#shared/async/deferred.ts';
import type { GatewayLimits } from '../server/limits.ts';

/** What a connection needs of its socket. */
export interface RawSocket {
  /** A whole encoded message, see `textMessage`. */
  send(message: Buffer): void;
  /** Bytes given and not yet handed to the kernel. */
  buffered(): number;
  ping(): void;
  close(code: number, reason: string): void;
  onDrain(listener: () => void): void;
}

export type OutletLimits = Pick<GatewayLimits, 'softBytes' | 'resumeBytes' | 'hardBytes' | 'stallMs'>;

export interface Outlet {
  send(data: Buffer): void;
  /** So much is buffered that only what answers the client itself may be added. */
  full(): boolean;
  /** Resolves below the resume mark; rejects when the outlet closes. */
  writable(): Promise<void>;
  buffered(): number;
  /** Call now and then: notices a reader that has stopped reading. */
  check(now: number): void;
  sentAt(): number;
  close(): void;
}

/** Writes to one socket, knows how far its reader lags and gives up on one that does not read. */
export function createOutlet(
  socket: RawSocket,
  limits: OutletLimits,
  now: () => number,
  giveUp: (code: number, reason: string) => void,
): Outlet {
  let sent = 0;
  let drained = 0;
  let progressAt = now();
  let sentAt = now();
  let closed = false;
  let waiting = deferred<void>();

  function release(): void {
    if (socket.buffered() >= limits.resumeBytes) return;
    waiting.resolve();
    waiting = deferred();
  }
  socket.onDrain(release);

  return {
    send(data) {
      if (closed) return;
      const before = socket.buffered();
      if (before > limits.hardBytes) {
        giveUp(CLOSE.slowConsumer, 'slow consumer');
        return;
      }
      sentAt = now();
      if (before === 0) progressAt = sentAt;
      sent += data.length;
      socket.send(data);
    },
    full: () => socket.buffered() > limits.softBytes,
    async writable() {
      while (!closed && socket.buffered() >= limits.resumeBytes) await waiting.promise;
      if (closed) throw new Error('the socket is closed');
    },
    buffered: () => socket.buffered(),
    check(time) {
      const buffered = socket.buffered();
      const progress = sent - buffered;
      if (buffered === 0 || progress > drained) progressAt = time;
      drained = progress;
      release();
      if (time - progressAt >= limits.stallMs) giveUp(CLOSE.slowConsumer, 'slow consumer');
    },
    sentAt: () => sentAt,
    close() {
      closed = true;
      waiting.resolve();
    },
  };
}
