import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { type RawData, type WebSocket, WebSocketServer } from 'ws';
import { DomainError, type DomainErrorCode, isDomainError } from '#domain/errors.ts';
import { newId } from '#shared/ids.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import type { Gateway } from './gateway.ts';
import { readHandshake } from './handshake.ts';
import type { RawSocket } from './outlet.ts';

const CLOSE_TIMEOUT_MS = 5_000;
const MAX_FRAGMENTS = 1024;
const ADMISSION_TIMEOUT_MS = 15_000;

export interface GatewayMountDeps {
  server: Server;
  gateway: Gateway;
  logger: Log;
  /** The client's network address, behind trusted proxies as well. */
  clientAddress: (request: IncomingMessage) => string;
  path?: string;
}

/** Serves the gateway's sockets on an HTTP server. `close` ends what has not ended with the gateway. */
export function mountGateway(deps: GatewayMountDeps): { close(): void } {
  const { server, gateway, logger, path = '/ws' } = deps;
  const options = {
    noServer: true,
    perMessageDeflate: false,
    maxPayload: gateway.limits.maxPayloadBytes,
    maxFragments: MAX_FRAGMENTS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (_offered: Set<string>, request: IncomingMessage) =>
      readHandshake(request).protocol ?? false,
  };
  const webSockets = new WebSocketServer(options);

  async function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const handshake = readHandshake(request);
    if (handshake.path !== path) throw new DomainError('not_found', 'Nothing is here');
    if (request.headers.upgrade?.toLowerCase() !== 'websocket') {
      throw new DomainError('invalid_input', 'This is a WebSocket endpoint');
    }
    const admission = await gateway.admit(handshake, deps.clientAddress(request));
    if (stream.destroyed || !stream.writable) return admission.cancel();
    let opened = false;
    webSockets.handleUpgrade(request, stream, head, (socket) => {
      opened = true;
      serve(socket, stream, admission.open(toRawSocket(socket, stream)));
    });
    if (!opened) admission.cancel();
  }

  function onUpgrade(request: IncomingMessage, stream: Duplex, head: Buffer): void {
    const ignore = () => stream.destroy();
    stream.on('error', ignore);
    const timeout = setTimeout(ignore, ADMISSION_TIMEOUT_MS);
    upgrade(request, stream, head)
      .then(
        () => stream.off('error', ignore),
        (error: unknown) => refuse(stream, error, logger),
      )
      .finally(() => clearTimeout(timeout));
  }

  server.on('upgrade', onUpgrade);
  return {
    close() {
      server.off('upgrade', onUpgrade);
      for (const socket of webSockets.clients) socket.terminate();
      webSockets.close();
    },
  };
}

function toRawSocket(socket: WebSocket, stream: Duplex): RawSocket {
  return {
    // Straight to the network: ws would frame the same bytes again for each socket. Without compression it
    // keeps no queue of its own, so whole messages of both never mix.
    send(message) {
      if (socket.readyState === socket.OPEN) stream.write(message);
    },
    buffered: () => socket.bufferedAmount,
    ping: () => socket.ping(),
    close: (code, reason) => socket.close(code, reason),
    onDrain: (listener) => stream.on('drain', listener),
  };
}

function serve(
  socket: WebSocket,
  stream: Duplex,
  connection: ReturnType<Awaited<ReturnType<Gateway['admit']>>['open']>,
) {
  socket.on('message', (data, isBinary) => {
    if (isBinary) connection.onBinary();
    else connection.onText(toBuffer(data));
  });
  socket.on('pong', connection.onAlive);
  socket.on('ping', connection.onAlive);
  // ws closes by itself after a protocol error, with the code that belongs to it.
  socket.on('error', () => {});
  socket.on('close', () => {
    stream.removeAllListeners('drain');
    connection.onClose();
  });
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}

const STATUS: Partial<Record<DomainErrorCode, number>> = {
  invalid_input: 400,
  unauthenticated: 401,
  token_expired: 401,
  forbidden: 403,
  account_disabled: 403,
  not_found: 404,
  too_many_requests: 429,
  draining: 503,
  overloaded: 503,
  unavailable: 503,
};

/** Answers instead of upgrading, in the form that REST uses. */
function refuse(stream: Duplex, error: unknown, logger: Log): void {
  const requestId = newId();
  const known = isDomainError(error) ? error : null;
  const status = known ? (STATUS[known.code] ?? 400) : 500;
  if (!known) logger.error({ reason: errorMessage(error), request_id: requestId }, 'upgrade failed');
  if (stream.destroyed || !stream.writable) return;
  const body = JSON.stringify({
    error: known?.message ?? 'Something went wrong',
    code: known?.code ?? 'internal',
    request_id: requestId,
  });
  const lines = [
    `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}`,
    'Connection: close',
    'Content-Type: application/json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    'X-Content-Type-Options: nosniff',
    `X-Request-Id: ${requestId}`,
    ...(known?.retryAfterSeconds ? [`Retry-After: ${known.retryAfterSeconds}`] : []),
    ...(status === 401 ? ['WWW-Authenticate: Bearer'] : []),
  ];
  stream.end(`${lines.join('\r\n')}\r\n\r\n${body}`, () => stream.destroy());
}
