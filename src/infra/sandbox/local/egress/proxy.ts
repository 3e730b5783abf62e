import { createServer, type IncomingMessage, request, type ServerResponse } from 'node:http';
import { isIP, type Socket } from 'node:net';
import { pipeline } from 'node:stream';
import type { Log } from '#shared/log.ts';
import { truncate } from '#shared/text.ts';
import type { Allowlist } from './allowlist.ts';
import { readClientHello } from './client-hello.ts';
import { type Dial, DialError } from './dial.ts';
import { forwardedHeaders, valuesOf } from './headers.ts';
import { formatTarget, normalizeHost, parseTarget, type Target } from './target.ts';

const KEEP_ALIVE_MS = 5000;
/** A connection on which nothing moves. */
const IDLE_MS = 300_000;
const MAX_HEADER_BYTES = 32 * 1024;
/** From a tunnel's beginning to its first bytes, and between them. */
const FIRST_BYTES_MS = 10_000;
const HTTP_PORT = 80;
const HTTPS_PORT = 443;
const ESTABLISHED = 'HTTP/1.1 200 Connection established\r\n\r\n';
const ABSOLUTE_FORM = /^http:\/\/([^/?#]*)([/?][^#]*)?$/i;
/** Refused targets that one proxy writes to the log; a command could ask for any number. */
const MAX_LOGGED = 100;

export interface EgressProxyDeps {
  allowlist: Allowlist;
  dial: Dial;
  log: Log;
}

export interface EgressProxy {
  /** Serves a connection that a command has made. */
  serve(socket: Socket): void;
  close(): void;
}

type Answer = (status: number, reason: string) => void;

/** An HTTP proxy for the commands of one workspace: tunnels by CONNECT and plain requests, to listed targets only. */
export function createEgressProxy({ allowlist, dial, log }: EgressProxyDeps): EgressProxy {
  const sockets = new Set<Socket>();
  const logged = new Set<string>();
  // Never listens itself: connections are handed to it.
  const server = createServer({ maxHeaderSize: MAX_HEADER_BYTES, keepAliveTimeout: KEEP_ALIVE_MS });
  /** Tunnels to where plain requests are spoken: each of them is read and checked as if there were no tunnel. */
  const plainTunnels = new WeakMap<Socket, Target>();
  server.timeout = IDLE_MS;

  function own(socket: Socket): void {
    sockets.add(socket);
    socket.setTimeout(IDLE_MS, () => socket.destroy());
    socket.on('error', () => socket.destroy());
    socket.once('close', () => sockets.delete(socket));
  }

  function note(target: string, reason: string): void {
    if (logged.size >= MAX_LOGGED || logged.has(target)) return;
    logged.add(target);
    log.warn({ target: truncate(target, 300), reason }, 'connection out of a sandbox refused');
  }

  /** The open connection to a listed target; null when the refusal is given. */
  async function reach(target: Target, answer: Answer): Promise<Socket | null> {
    const shown = formatTarget(target);
    const refusal = allowlist.refusalOf(target);
    if (refusal !== null) {
      note(shown, refusal);
      answer(403, `${shown}: ${refusal}`);
      return null;
    }
    try {
      const socket = await dial(target);
      own(socket);
      return socket;
    } catch (error) {
      if (!(error instanceof DialError)) throw error;
      if (error.kind === 'refused') note(shown, error.message);
      answer(error.kind === 'refused' ? 403 : 502, `${shown}: ${error.message}`);
      return null;
    }
  }

  function refuseTarget(text: string, reason: string, answer: Answer): void {
    note(text, reason);
    answer(403, reason);
  }

  async function tunnel(incoming: IncomingMessage, client: Socket, head: Buffer): Promise<void> {
    const answer: Answer = (status, reason) => client.end(rawAnswer(status, reason));
    const text = incoming.url ?? '';
    const parsed = parseTarget(text, null);
    if (!parsed.ok) return refuseTarget(text, parsed.reason, answer);
    const { target } = parsed;
    if (target.port === HTTP_PORT) return openPlainTunnel({ client, head, target, answer });
    const upstream = await reach(target, answer);
    if (upstream === null) return;
    if (client.destroyed) return void upstream.destroy();
    client.write(ESTABLISHED);
    const first = target.port === HTTPS_PORT ? await firstBytesTo(target, client, head) : head;
    if (first === null) {
      note(formatTarget(target), 'what was said in the tunnel is not TLS to this host');
      client.destroy();
      upstream.destroy();
      return;
    }
    if (first.length > 0) upstream.write(first);
    pipeline(client, upstream, () => {});
    pipeline(upstream, client, () => {});
  }

  function openPlainTunnel({ client, head, target, answer }: PlainTunnel): void {
    const refusal = allowlist.refusalOf(target);
    if (refusal !== null) {
      refuseTarget(formatTarget(target), `${formatTarget(target)}: ${refusal}`, answer);
      return;
    }
    client.write(ESTABLISHED);
    plainTunnels.set(client, target);
    if (head.length > 0) client.unshift(head);
    server.emit('connection', client);
  }

  async function forward(incoming: IncomingMessage, response: ServerResponse): Promise<void> {
    const answer: Answer = (status, reason) => respond(response, status, reason);
    const wanted = plainTarget(incoming, plainTunnels.get(incoming.socket));
    if (!wanted.ok) return refuseTarget(incoming.url ?? '', wanted.reason, answer);
    const upstream = await reach(wanted.target, answer);
    if (upstream === null) return;
    if (response.destroyed) return void upstream.destroy();
    passOn({ incoming, response, upstream, ...wanted });
  }

  server.on('connect', (incoming, client, head) => {
    const socket = client as Socket;
    tunnel(incoming, socket, head).catch(() => socket.destroy());
  });
  server.on('request', (incoming, response) => {
    forward(incoming, response).catch(() => response.destroy());
  });
  server.on('clientError', (_error, socket) => socket.destroy());

  return {
    serve(socket) {
      own(socket);
      server.emit('connection', socket);
    },
    close() {
      for (const socket of sockets) socket.destroy();
    },
  };
}

interface PlainTunnel {
  client: Socket;
  head: Buffer;
  target: Target;
  answer: Answer;
}

/** The bytes that a client begins with, when they are a TLS hello to just this host; else null. */
async function firstBytesTo({ host }: Target, client: Socket, head: Buffer): Promise<Buffer | null> {
  let bytes = head;
  for (;;) {
    const reading = readClientHello(bytes);
    if (reading.kind === 'not_tls') return null;
    if (reading.kind === 'hello') {
      const name = reading.serverName === null ? null : normalizeHost(reading.serverName);
      const fits = isIP(host) === 0 ? name === host : reading.serverName === null;
      return fits ? bytes : null;
    }
    const more = await nextBytes(client);
    if (more === null) return null;
    bytes = Buffer.concat([bytes, more]);
  }
}

/** Null at the end, and when nothing comes for too long. Leaves the stream paused. */
function nextBytes(client: Socket): Promise<Buffer | null> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => settle(null), FIRST_BYTES_MS);
    const onEnd = (): void => settle(null);
    function settle(bytes: Buffer | null): void {
      clearTimeout(timer);
      client.off('data', settle).off('close', onEnd).off('end', onEnd);
      client.pause();
      resolve(bytes);
    }
    client.on('data', settle).once('end', onEnd).once('close', onEnd).resume();
  });
}

type PlainTarget = { ok: true; target: Target; path: string } | { ok: false; reason: string };

/** Of an absolute-form request, or of one in a tunnel; its one Host header has to say the same. */
function plainTarget({ url = '', rawHeaders }: IncomingMessage, tunnel: Target | undefined): PlainTarget {
  const inTunnel = tunnel !== undefined && url.startsWith('/');
  const [, authority, path = '/'] =
    (inTunnel ? [url, formatTarget(tunnel), url] : ABSOLUTE_FORM.exec(url)) ?? [];
  if (authority === undefined) return { ok: false, reason: 'this is a proxy: http:// URLs and CONNECT only' };
  const parsed = parseTarget(authority, HTTP_PORT);
  if (!parsed.ok) return parsed;
  const [host, ...more] = valuesOf(rawHeaders, 'host');
  const named = host === undefined || more.length > 0 ? null : parseTarget(host, HTTP_PORT);
  if (named === null || !named.ok || formatTarget(named.target) !== formatTarget(parsed.target)) {
    return { ok: false, reason: 'the Host header is not the host of the URL' };
  }
  return { ok: true, target: parsed.target, path: path.startsWith('/') ? path : `/${path}` };
}

function passOn(exchange: {
  incoming: IncomingMessage;
  response: ServerResponse;
  upstream: Socket;
  target: Target;
  path: string;
}): void {
  const { incoming, response, upstream, target, path } = exchange;
  const host = target.port === HTTP_PORT ? formatTarget(target).replace(/:80$/, '') : formatTarget(target);
  const outgoing = request({
    createConnection: () => upstream,
    method: incoming.method,
    path,
    setHost: false,
    headers: ['Host', host, ...forwardedHeaders(incoming.rawHeaders), 'Connection', 'close'],
  });
  outgoing.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, forwardedHeaders(answer.rawHeaders));
    pipeline(answer, response, () => {});
  });
  outgoing.on('error', () => {
    upstream.destroy();
    if (response.headersSent) response.destroy();
    else respond(response, 502, `${formatTarget(target)}: the connection failed`);
  });
  response.once('close', () => upstream.destroy());
  pipeline(incoming, outgoing, () => {});
}

function respond(response: ServerResponse, status: number, reason: string): void {
  response.writeHead(status, { 'content-type': 'text/plain; charset=utf-8', connection: 'close' });
  response.end(`crush: ${reason}\n`);
}

function rawAnswer(status: number, reason: string): string {
  const body = `crush: ${reason}\n`;
  const title = status === 403 ? 'Forbidden' : 'Bad Gateway';
  const length = Buffer.byteLength(body);
  return `HTTP/1.1 ${status} ${title}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${length}\r\nConnection: close\r\n\r\n${body}`;
}
