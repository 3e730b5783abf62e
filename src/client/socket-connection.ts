import { deferred } from '#shared/async/deferred.ts';
import type { Clock } from '#shared/clock.ts';
import type { ReceivedFrame } from './conversation-state.ts';
import { type Dial, type Dialed, SOCKET_OPEN } from './dial.ts';

export type SocketEnd =
  | { kind: 'closed'; code: number }
  /** Answered with an HTTP status instead of an upgrade. */
  | { kind: 'refused'; status: number; message: string }
  | { kind: 'unreachable'; message: string };

export interface SocketListener {
  onOpen(send: (text: string) => void): void;
  onFrame(frame: ReceivedFrame): void;
  isAttached(): boolean;
}

export interface SocketTarget {
  dial: Dial;
  clock: Clock;
  url: URL;
  token: string;
  signal: AbortSignal;
}

const ATTACH_TIMEOUT_MS = 20_000;
/** The server speaks at least every 30 s; after this silence the connection is taken for dead. */
const SILENCE_TIMEOUT_MS = 70_000;
const PING_INTERVAL_MS = 20_000;
/** What a platform reports that does not know how a connection ended. */
const ABNORMAL_CLOSURE = 1006;

/** One connection, from handshake to end. Never rejects. */
export async function runConnection(target: SocketTarget, listener: SocketListener): Promise<SocketEnd> {
  const end = deferred<SocketEnd>();
  let dialed: Dialed;
  try {
    dialed = target.dial(target);
  } catch (error) {
    return { kind: 'unreachable', message: error instanceof Error ? error.message : String(error) };
  }
  const { socket, abandon } = dialed;
  const { clock, signal } = target;
  let heardAt = clock.now();
  let isOver = false;
  const openedAt = heardAt;
  const send = (text: string) => {
    if (socket.readyState === SOCKET_OPEN) socket.send(text);
  };
  const giveUp = () => {
    abandon();
    end.resolve({ kind: 'closed', code: ABNORMAL_CLOSURE });
  };

  const watch = setInterval(() => {
    const now = clock.now();
    const isSilent = now - heardAt > SILENCE_TIMEOUT_MS;
    const isStuck = !listener.isAttached() && now - openedAt > ATTACH_TIMEOUT_MS;
    if (isSilent || isStuck) giveUp();
    else send('{"type":"ping"}');
  }, PING_INTERVAL_MS);
  signal.addEventListener('abort', giveUp, { once: true });

  socket.addEventListener('open', () => {
    if (!isOver) listener.onOpen(send);
  });
  socket.addEventListener('message', ({ data }) => {
    heardAt = clock.now();
    const frame = typeof data === 'string' && !isOver ? parseFrame(data) : null;
    if (frame) listener.onFrame(frame);
  });
  // A close always follows; without a listener some platforms throw.
  socket.addEventListener('error', () => {});
  socket.addEventListener('close', ({ code }) => {
    const failure = dialed.failure?.();
    end.resolve(
      failure && !listener.isAttached()
        ? { kind: 'unreachable', message: failure }
        : { kind: 'closed', code },
    );
  });
  void dialed.refused?.then((refusal) => end.resolve({ kind: 'refused', ...refusal }));
  if (signal.aborted) giveUp();

  try {
    return await end.promise;
  } finally {
    isOver = true;
    clearInterval(watch);
    signal.removeEventListener('abort', giveUp);
  }
}

function parseFrame(text: string): ReceivedFrame | null {
  try {
    const value: unknown = JSON.parse(text);
    const isFrame =
      typeof value === 'object' && value !== null && 'Type' in value && typeof value.Type === 'string';
    return isFrame ? (value as ReceivedFrame) : null;
  } catch {
    return null;
  }
}
