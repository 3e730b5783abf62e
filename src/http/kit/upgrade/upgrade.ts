import { EventEmitter } from 'node:events';
import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';
import { createNodeWebSocket } from '@hono/node-ws';
import { Hono } from 'hono';
import type { RawData, WebSocket } from 'ws';
import { DomainError } from '#domain/errors.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { createRefusals } from './refusal.ts';

const ADMISSION_TIMEOUT_MS = 15_000;
const MAX_FRAGMENTS = 1024;
const WEB_SOCKET_KEY = /^[+/0-9A-Za-z]{22}==$/;

/** A WebSocket and the network stream below it. */
export interface Upgraded {
  socket: WebSocket;
  stream: Duplex;
}

export interface SocketEvents {
  onText(data: Buffer): void;
  onBinary(data: Buffer): void;
  /** Any sign of life of the other side. */
  onAlive(): void;
  onClose(): void;
}

/** A client that may be upgraded; one of both follows. */
export interface UpgradeAdmission {
  open(upgraded: Upgraded): SocketEvents;
  cancel(): void;
}

export interface UpgradeDeps {
  server: Server;
  path: string;
  maxPayloadBytes: number;
  /** How long the other side may take to answer a close. */
  closeTimeoutMs: number;
  /** All that is checked before the upgrade. What it throws is the answer, as over HTTP. */
  admit(request: IncomingMessage): Promise<UpgradeAdmission> | UpgradeAdmission;
  /** The offered subprotocol that is confirmed. */
  subprotocolOf?(request: IncomingMessage): string | null;
  /** The setting that would have let the client in, for the log. */
  settingOf?(error: unknown): string | null;
  /** The client's network address, behind trusted proxies as well. */
  addressOf(request: IncomingMessage): string;
  clock: Clock;
  log: Log;
}

export interface UpgradeMount {
  /** Takes no more upgrades and ends what is open: at once, or with a close frame where a reason is given. */
  close(farewell?: { code: number; reason: string }): void;
}

/** Serves WebSockets at one path of an HTTP server. */
export function mountUpgrade(deps: UpgradeDeps): UpgradeMount {
  const { server, path } = deps;
  const admitted = new WeakMap<IncomingMessage, { admission: UpgradeAdmission; stream: Duplex }>();
  const refuse = createRefusals(deps);
  const app = new Hono<{ Bindings: { incoming: IncomingMessage } }>();
  const { wss, injectWebSocket, upgradeWebSocket } = createNodeWebSocket({ app });
  Object.assign(wss.options, {
    perMessageDeflate: false,
    maxPayload: deps.maxPayloadBytes,
    maxFragments: MAX_FRAGMENTS,
    closeTimeout: deps.closeTimeoutMs,
    handleProtocols: (_offered: Set<string>, request: IncomingMessage) =>
      deps.subprotocolOf?.(request) ?? false,
  });
  app.get(
    '*',
    upgradeWebSocket((c) => ({
      onOpen(_event, { raw: socket }) {
        const entry = admitted.get(c.env.incoming);
        if (!entry || !socket) return socket?.terminate();
        listen(socket, entry.admission.open({ socket, stream: entry.stream }));
      },
    })),
  );
  // The helper answers refusals without a body and trusts every request line: only admitted upgrades reach it.
  const admittedUpgrades = new EventEmitter();
  injectWebSocket(admittedUpgrades as unknown as Server);

  async function upgrade(request: IncomingMessage, stream: Duplex, head: Buffer): Promise<void> {
    if (pathOf(request) !== path) throw new DomainError('not_found', 'Nothing is here');
    const admission = await deps.admit(request);
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
        (error: unknown) => refuse(request, stream, error),
      )
      .finally(() => clearTimeout(timeout));
  }

  server.on('upgrade', onUpgrade);
  return {
    close(farewell) {
      server.off('upgrade', onUpgrade);
      for (const socket of wss.clients) {
        if (farewell) socket.close(farewell.code, farewell.reason);
        else socket.terminate();
      }
      wss.close();
    },
  };
}

/** Throws `invalid_input` for a target that is no path. */
function pathOf({ url = '' }: IncomingMessage): string {
  if (!url.startsWith('/') || url.startsWith('//')) {
    throw new DomainError('invalid_input', 'The request target is not valid');
  }
  return url.split('?', 1)[0] ?? '';
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

function listen(socket: WebSocket, events: SocketEvents): void {
  socket.on('message', (data, isBinary) => {
    if (isBinary) events.onBinary(toBuffer(data));
    else events.onText(toBuffer(data));
  });
  socket.on('pong', events.onAlive);
  socket.on('ping', events.onAlive);
  // ws closes by itself after a protocol error, with the code that belongs to it.
  socket.on('error', () => {});
  socket.on('close', events.onClose);
}

function toBuffer(data: RawData): Buffer {
  if (Buffer.isBuffer(data)) return data;
  return Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data);
}
