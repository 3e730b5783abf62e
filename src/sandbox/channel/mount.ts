import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import {
  CHANNEL_PATH,
  CHANNEL_PING_INTERVAL_MS,
  CHANNEL_SILENCE_MS,
  MAX_CHANNEL_MESSAGE_BYTES,
} from '#infra/sandbox/wire/channel-wire.ts';
import type { SandboxDeps } from '../deps.ts';
import { type ChannelSession, createChannelSession } from './session.ts';

const MAX_CHANNELS = 256;
const GOING_AWAY = 1001;
const CLOSE_TIMEOUT_MS = 2_000;

/** Serves the channel on an HTTP server. `close` ends all channels, and with them what they run. Idempotent. */
export function mountChannel(deps: SandboxDeps & { server: Server }): { close(): void } {
  const { server, provider, activity, log } = deps;
  const options = {
    noServer: true,
    perMessageDeflate: false,
    maxPayload: MAX_CHANNEL_MESSAGE_BYTES,
    closeTimeout: CLOSE_TIMEOUT_MS,
  };
  const webSockets = new WebSocketServer(options);

  function refusalOf(request: IncomingMessage): number | null {
    if ((request.url ?? '').split('?')[0] !== CHANNEL_PATH) return 404;
    if (!deps.isAuthorized(request.headers.authorization)) return 401;
    // Only pages send one, and no page has a token.
    if (request.headers.origin !== undefined) return 403;
    return deps.draining() || webSockets.clients.size >= MAX_CHANNELS ? 503 : null;
  }

  function onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const ignore = (): void => void stream.destroy();
    stream.on('error', ignore);
    const status = refusalOf(request);
    if (status !== null) {
      refuse(stream, status);
      return;
    }
    webSockets.handleUpgrade(request, stream, head, (socket) => {
      stream.off('error', ignore);
      const session = createChannelSession({
        provider,
        activity,
        log,
        socket: {
          send: (data) => socket.send(data),
          buffered: () => socket.bufferedAmount,
          close: (code, reason) => socket.close(code, reason),
          terminate: () => socket.terminate(),
        },
      });
      serve(socket, session);
    });
  }

  server.on('upgrade', onUpgrade);
  return {
    close() {
      server.off('upgrade', onUpgrade);
      for (const socket of webSockets.clients) socket.close(GOING_AWAY, 'the sandbox host shuts down');
      webSockets.close();
    },
  };
}

function serve(socket: WebSocket, session: ChannelSession): void {
  let heardAt = performance.now();
  const heard = (): void => {
    heardAt = performance.now();
  };
  const heartbeat = setInterval(() => {
    if (performance.now() - heardAt > CHANNEL_SILENCE_MS) socket.terminate();
    else socket.ping();
  }, CHANNEL_PING_INTERVAL_MS);
  socket.on('message', (data, isBinary) => {
    heard();
    if (isBinary) session.onBinary(toBuffer(data));
    else session.onText(toBuffer(data).toString('utf8'));
  });
  socket.on('ping', heard);
  socket.on('pong', heard);
  // What went wrong also closes the socket.
  socket.on('error', () => {});
  socket.on('close', () => {
    clearInterval(heartbeat);
    session.onClose();
  });
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

function refuse(stream: Duplex, status: number): void {
  const body = JSON.stringify({ error: STATUS_CODES[status] ?? 'Refused', code: 'channel_refused' });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
  ];
  stream.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => stream.destroy());
}
