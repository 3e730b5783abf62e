import type { TerminalAttachment, TerminalClient, TerminalExit } from '#domain/terminal/index.ts';
import type { Scrollback } from '#shared/scrollback.ts';
import type { TerminalLimits } from './limits.ts';

/** One client of a terminal, and how far it has come. */
export interface Attached extends TerminalAttachment {
  /** Bytes that the client has not acknowledged. */
  lag(): number;
  /** When it last went on. */
  progressAt(): number;
  /** There is more to send, or an end to tell. */
  pump(): void;
  drop(reason: 'lagging'): void;
}

export interface AttachedDeps {
  client: TerminalClient;
  scrollback: Scrollback;
  limits: Pick<TerminalLimits, 'windowBytes' | 'pieceBytes'>;
  from: number;
  exit(): TerminalExit | null;
  now(): number;
  /** It went on, or is gone. */
  onChange(self: Attached): void;
  onGone(self: Attached): void;
}

export function createAttached(deps: AttachedDeps): Attached {
  const { client, scrollback, limits, from } = deps;
  let sent = from;
  let acked = from;
  let progressAt = deps.now();
  let isOpen = true;
  let isStarted = false;
  let isWaiting = false;

  function leave(): void {
    if (!isOpen) return;
    isOpen = false;
    deps.onGone(self);
  }

  function waitForClient(): void {
    if (isWaiting) return;
    isWaiting = true;
    client.writable().then(
      () => {
        isWaiting = false;
        pump();
      },
      () => leave(),
    );
  }

  function pump(): void {
    if (!isStarted) return;
    while (isOpen && sent < scrollback.end() && sent - acked < limits.windowBytes) {
      if (client.full()) {
        waitForClient();
        return;
      }
      // Nothing waits for a client once the terminal has to end.
      sent = Math.max(sent, scrollback.start());
      const room = limits.windowBytes - (sent - acked);
      const piece = scrollback.read(sent, Math.min(limits.pieceBytes, room));
      client.output(sent, piece);
      sent += piece.length;
    }
    const exit = deps.exit();
    if (!isOpen || exit === null || sent < scrollback.end()) return;
    leave();
    client.ended(exit);
  }

  const self: Attached = {
    offset: from,
    start() {
      isStarted = true;
      pump();
    },
    ack(offset) {
      const reached = Math.min(offset, sent);
      if (!isOpen || reached <= acked) return;
      acked = reached;
      progressAt = deps.now();
      pump();
      deps.onChange(self);
    },
    detach: leave,
    lag: () => scrollback.end() - acked,
    progressAt: () => progressAt,
    pump,
    drop(reason) {
      if (!isOpen) return;
      leave();
      client.detached(reason);
    },
  };
  return self;
}
