import { EventEmitter } from 'node:events';
import { type IncomingMessage, type Server, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import { createNodeWebSocket } from '@hono/node-ws';
import { Hono } from 'hono';
import type { RawData, WebSocket } from 'ws';
import { DomainError, type DomainErrorCode, isDomainError } from '#domain/errors.ts';
import { newId } from '#shared/ids.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import type { RawSocket } from '../socket/outlet.ts';
import type { Admission, Gateway } from './gateway.ts';
import { readHandshake } from './handshake.ts';

const CLOSE_TIMEOUT_MS = 5_000;
const MAX_FRAGMENTS = 1024;
const ADMISSION_TIMEOUT_MS = 15_000;
const WEB_SOCKET_KEY = /^[+/0-9A-Za-z]{22}==$/;

export interface GatewayMountDeps {
  server: Server;
  gateway: Gateway;
  logger: Log;
  /** The client's network address, behind trusted proxies as well. */
  clientAddress: (request: IncomingMessage) => string;
  path?: string;
}

interface Admitted {
  admission: Admission;
  stream: Duplex;
}

/** Serves the gateway's sockets on an HTTP server. `close` ends what has not ended with the gateway. */
export function mountGateway(deps: GatewayMountDeps): { close(): void } {
  const { server, gateway, logger, path = '/ws' } = deps;
  const admitted = new WeakMap<IncomingMessage, Admitted>();
  const app = new Hono<{ Bindings: { incoming: IncomingMessage } }>();
  const { wss, injectWebSocket, upgradeWebSocket } = createNodeWebSocket({ app });
  Object.assign(wss.options, {
    perMessageDeflate: false,
    maxPayload: gateway.limits.maxPayloadBytes,
    maxFragments: MAX_FRAGMENTS,
    closeTimeout: CLOSE_TIMEOUT_MS,
    handleProtocols: (_offered: Set<string>, request: IncomingMessage) =>
      readHandshake(request).protocol ?? false,
  });
  app.get(
    path,
    upgradeWebSocket((c) => ({
      onOpen(_event, { raw }) {
        const entry = admitted.get(c.env.incoming);
        if (!entry || !raw) return raw?.terminate();
        serve(raw, entry.stream, entry.admission.open(toRawSocket(raw, entry.stream)));
      },
    })),
  );
  // The helper answers refusals without a body and trusts every request line: only admitted upgrades reach it.
  const admittedUpgrades = new EventEmitter();
  injectWebSocket(admittedUpgrades as unknown as Server);

  async function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    const handshake = readHandshake(request);
    if (handshake.path !== path) throw new DomainError('not_found', 'Nothing is here');
    const admission = await gateway.admit(handshake, deps.clientAddress(request));
    const problem = handshakeProblem(request);
    const isGone = stream.destroyed || !stream.writable || !stream.readable;
    if (problem || isGone) admission.cancel();
    if (problem) throw new DomainError('invalid_input', problem);
    if (isGone) return;
    admitted.set(request, { admission, stream });
    admittedUpgrades.emit('upgrade', request, stream, head);
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
      for (const socket of wss.clients) socket.terminate();
      wss.close();
    },
  };
}

/** What RFC 6455 section 4.2.1 asks of the request: past this point the upgrade succeeds. */
function handshakeProblem({ method, headers }: IncomingMessage): string | null {
  if (method !== 'GET' || headers.upgrade?.toLowerCase() !== 'websocket') {
    return 'This is a WebSocket endpoint';
  }
  if (!WEB_SOCKET_KEY.test(headers['sec-websocket-key'] ?? '')) {
    return 'Sec-WebSocket-Key is missing or invalid';
  }
  return headers['sec-websocket-version'] === '13' ? null : 'Sec-WebSocket-Version must be 13';
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
