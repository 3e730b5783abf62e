import { WebSocket } from 'ws';
import type { Dialed, Refusal } from '#client/dial.ts';
import { revealLine } from '../terminal/sanitize.ts';

const HANDSHAKE_TIMEOUT_MS = 15_000;
const MAX_FRAME_BYTES = 32 * 1024 * 1024;
const MAX_REFUSAL_CHARACTERS = 2048;

/** A connection by `ws`, which tells why there is none. */
export function dialServer({ url, token }: { url: URL; token: string }): Dialed {
  const socket = new WebSocket(url, {
    headers: { authorization: `Bearer ${token}` },
    handshakeTimeout: HANDSHAKE_TIMEOUT_MS,
    maxPayload: MAX_FRAME_BYTES,
    perMessageDeflate: false,
  });
  let failure = '';
  socket.on('error', (error) => {
    const code = 'code' in error ? String(error.code) : '';
    failure ||= code || error.message;
  });
  const refused = new Promise<Refusal>((resolve) => {
    socket.on('unexpected-response', (request, response) => {
      let body = '';
      response.setEncoding('utf8');
      response.on('data', (chunk: string) => {
        if (body.length < MAX_REFUSAL_CHARACTERS) body += chunk;
      });
      response.on('close', () => {
        const status = response.statusCode ?? 0;
        resolve({ status, message: refusalOf(body, status) });
        request.destroy();
      });
    });
  });
  return { socket, abandon: () => socket.terminate(), refused, failure: () => failure };
}

function refusalOf(body: string, status: number): string {
  try {
    const answer: unknown = JSON.parse(body);
    if (typeof answer === 'object' && answer !== null && 'error' in answer) {
      return revealLine(String(answer.error));
    }
  } catch {
    // Not ours; the status says enough.
  }
  return `the server answered with status ${status}`;
}
