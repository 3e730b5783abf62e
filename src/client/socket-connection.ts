import { WebSocket } from 'ws';
import { revealLine } from '#cli/chat/terminal/sanitize.ts';
import type { ReceivedFrame } from './reducer.ts';

export type SocketEnd =
  | { kind: 'closed'; code: number }
  /** Answered with an HTTP status instead of an upgrade. */
  | { kind: 'refused'; status: number; message: string }
  | { kind: 'unreachable'; message: string };

export interface SocketListener {
  onOpen(socket: WebSocket): void;
  onFrame(frame: ReceivedFrame): void;
  isAttached(): boolean;
}

const HANDSHAKE_TIMEOUT_MS = 15_000;
const ATTACH_TIMEOUT_MS = 20_000;
/** The server speaks at least every 30 s; after this silence the connection is taken for dead. */
const SILENCE_TIMEOUT_MS = 70_000;
const PING_INTERVAL_MS = 20_000;
const MAX_FRAME_BYTES = 32 * 1024 * 1024;
const MAX_REFUSAL_CHARACTERS = 2048;

/** One connection, from handshake to end. Never rejects. */
export function openSocket(
  target: { url: URL; token: string; signal: AbortSignal },
  listener: SocketListener,
): Promise<SocketEnd> {
  const socket = new WebSocket(target.url, {
    headers: { authorization: `Bearer ${target.token}` },
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  });
  return new Promise((resolve) => {
    let lastHeardAt = Date.now();
    const openedAt = Date.now();
    const heard = () => {
      lastHeardAt = Date.now();
    };
    const watch = setInterval(() => {
      const now = Date.now();
      const isSilent = now - lastHeardAt > SILENCE_TIMEOUT_MS;
      const isStuck = !listener.isAttached() && now - openedAt > ATTACH_TIMEOUT_MS;
      if (isSilent || isStuck) socket.terminate();
      else if (socket.readyState === WebSocket.OPEN) socket.send('{"type":"ping"}');
    }, PING_INTERVAL_MS);
    const abort = () => socket.terminate();
    target.signal.addEventListener('abort', abort, { once: true });
    let failure = '';
    const settle = (end: SocketEnd) => {
      clearInterval(watch);
      target.signal.removeEventListener('abort', abort);
      resolve(end);
    };

    socket.on('open', () => listener.onOpen(socket));
    socket.on('ping', heard);
    socket.on('message', (data, isBinary) => {
      heard();
      const frame = isBinary ? null : parseFrame(String(data));
      if (frame) listener.onFrame(frame);
    });
    socket.on('unexpected-response', (request, response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < MAX_REFUSAL_CHARACTERS) body += chunk;
      });
      response.on('close', () => {
        const status = response.statusCode ?? 0;
        settle({ kind: 'refused', status, message: refusalOf(body, status) });
        request.destroy();
      });
    });
    socket.on('error', (error) => {
      const code = 'code' in error ? String(error.code) : '';
      failure ||= code || error.message;
    });
    socket.on('close', (code) => {
      settle(
        failure && !listener.isAttached()
          ? { kind: 'unreachable', message: failure }
          : { kind: 'closed', code },
      );
    });
    if (target.signal.aborted) abort();
  });
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

function refusalOf(body: string, status: number): string {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer === 'object' && answer !== null && 'error' in answer)
      return revealLine(String(answer.error));
  } catch {
    // Not ours; the status says enough.
  }
  return `the server answered with status ${status}`;
}
