import type { Server } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';
import type { Hono } from 'hono';
import { type Front, putInFront } from './front.ts';

export interface HttpServerOptions {
  app: Pick<Hono, 'fetch'>;
  host: string;
  /** 0: any free one. */
  port: number;
  /** Takes what it owns before the app does. */
  front?: Front;
  /** How long requests that have begun may go on after `close`. */
  drainTimeoutMs?: number;
}

export interface HttpServer {
  host: string;
  port: number;
  /** For what attaches itself to upgrades. */
  server: Server;
  /** Refuses new connections, lets what has begun finish, then cuts the rest. Idempotent. */
  close(): Promise<void>;
}

/** The address cannot be listened on; the message names it. */
export class ListenError extends Error {
  readonly code: string;
  constructor(message: string, code: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'ListenError';
    this.code = code;
  }
}

const REQUEST_TIMEOUT_MS = 60_000;
const HEADERS_TIMEOUT_MS = 15_000;
const KEEP_ALIVE_MS = 75_000;
const TIMEOUT_CHECK_INTERVAL_MS = 5_000;
const MAX_HEADER_BYTES = 16 * 1024;
const DRAIN_TIMEOUT_MS = 10_000;
const IDLE_CHECK_INTERVAL_MS = 50;

export async function startHttpServer(options: HttpServerOptions): Promise<HttpServer> {
  const { host, drainTimeoutMs = DRAIN_TIMEOUT_MS } = options;
  const server = createAdaptorServer({
    fetch: options.app.fetch,
    serverOptions: {
      requestTimeout: REQUEST_TIMEOUT_MS,
      headersTimeout: HEADERS_TIMEOUT_MS,
      keepAliveTimeout: KEEP_ALIVE_MS,
      connectionsCheckingInterval: TIMEOUT_CHECK_INTERVAL_MS,
      maxHeaderSize: MAX_HEADER_BYTES,
    },
  }) as Server;
  if (options.front) putInFront(server, options.front);
  const sockets = trackSockets(server);
  await listen(server, host, options.port);
  let closing: Promise<void> | undefined;
  return {
    host,
    port: (server.address() as AddressInfo).port,
    server,
    close() {
      closing ??= drain(server, sockets, drainTimeoutMs);
      return closing;
    },
  };
}

/** Upgraded sockets too, which the server itself no longer knows. */
function trackSockets(server: Server): Set<Socket> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

function listen(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (error: NodeJS.ErrnoException) => reject(toListenError(error, host, port));
    server.once('error', refuse);
    server.listen(port, host, () => {
      server.off('error', refuse);
      resolve();
    });
  });
}

const REASONS: Readonly<Record<string, string>> = {
  EADDRINUSE: 'another program already listens there',
  EACCES: 'this needs more rights',
  EADDRNOTAVAIL: 'this machine does not have that address',
  ENOTFOUND: 'there is no such host',
};

function toListenError(error: NodeJS.ErrnoException, host: string, port: number): ListenError {
  const code = error.code ?? 'unknown';
  const place = host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
  return new ListenError(`cannot listen on ${place}: ${REASONS[code] ?? code}`, code, { cause: error });
}

async function drain(server: Server, sockets: ReadonlySet<Socket>, timeoutMs: number): Promise<void> {
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  server.closeIdleConnections();
  // A connection that was busy until now would stay open for its keep-alive time.
  const idleCheck = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_INTERVAL_MS);
  const cut = setTimeout(() => {
    for (const socket of sockets) socket.destroy();
  }, timeoutMs);
  try {
    await closed;
  } finally {
    clearInterval(idleCheck);
    clearTimeout(cut);
  }
}
