import {
  type ClientRequest,
  request as httpRequest,
  type IncomingMessage,
  type ServerResponse,
} from 'node:http';
import type { Duplex } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { DomainError } from '#domain/errors.ts';
import { answerHeaders, type Forwarding, type Headers, requestHeaders } from './headers.ts';

/** A development server may compile before it answers. */
const ANSWER_TIMEOUT_MS = 120_000;
const MAX_ANSWER_HEADER_BYTES = 64 * 1024;

/** Sends a request over an open connection and streams both ways. Throws until the answer has begun. */
export async function exchange(
  connection: Duplex,
  request: IncomingMessage,
  response: ServerResponse,
  forwarding: Forwarding,
): Promise<void> {
  const upstream = ask(connection, request, requestHeaders(request, forwarding), forwarding.target.path);
  const sending = pipeline(request, upstream);
  sending.catch(() => {});
  const answer = await answerOf(upstream, 'response');
  response.writeHead(answer.message.statusCode ?? 502, answerHeaders(answer.message, forwarding.target));
  await pipeline(answer.message, response);
}

/** Passes an upgrade on and joins both connections. Throws until the upgrade has succeeded. */
export async function tunnel(
  connection: Duplex,
  request: IncomingMessage,
  client: { stream: Duplex; head: Buffer },
  forwarding: Forwarding,
): Promise<void> {
  const headers = requestHeaders(request, forwarding);
  headers.connection = ['Upgrade'];
  headers.upgrade = ['websocket'];
  const upstream = ask(connection, request, headers, forwarding.target.path);
  upstream.end();
  const answer = await answerOf(upstream, 'upgrade');
  const { stream: server, head } = answer;
  if (server === undefined) {
    answer.message.destroy();
    throw new DomainError('unprocessable', 'The server in the project takes no WebSocket here');
  }
  const passed: Headers = {
    ...answerHeaders(answer.message, forwarding.target),
    connection: ['Upgrade'],
    upgrade: ['websocket'],
  };
  const lines = Object.entries(passed).flatMap(([name, values]) =>
    (values ?? []).map((value) => `${name}: ${value}\r\n`),
  );
  client.stream.write(`HTTP/1.1 101 Switching Protocols\r\n${lines.join('')}\r\n`);
  if (head.length > 0) client.stream.write(head);
  if (client.head.length > 0) server.write(client.head);
  await joined(client.stream, server);
}

/** Until one side is gone. A WebSocket whose one side has ended is over, whatever the other still says. */
function joined(one: Duplex, other: Duplex): Promise<void> {
  return new Promise((resolve) => {
    const over = (): void => {
      one.destroy();
      other.destroy();
      resolve();
    };
    for (const [from, to] of [
      [one, other],
      [other, one],
    ] as const) {
      from.once('close', over);
      from.once('end', () => to.end(over));
      from.pipe(to, { end: false });
    }
    if (one.destroyed || other.destroyed) over();
  });
}

function ask(connection: Duplex, { method }: IncomingMessage, headers: Headers, path: string): ClientRequest {
  const upstream = httpRequest({
    createConnection: () => connection,
    method,
    path,
    headers: { ...headers },
    setHost: false,
    maxHeaderSize: MAX_ANSWER_HEADER_BYTES,
  });
  return upstream;
}

interface Answer {
  message: IncomingMessage;
  stream?: Duplex;
  head: Buffer;
}

function answerOf(upstream: ClientRequest, wanted: 'response' | 'upgrade'): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      upstream.destroy();
      reject(new DomainError('unavailable', 'The server in the project does not answer'));
    }, ANSWER_TIMEOUT_MS);
    const settle = (finish: () => void) => {
      clearTimeout(timer);
      finish();
    };
    upstream.on('error', (cause) =>
      settle(() =>
        reject(new DomainError('unavailable', 'The server in the project did not answer as HTTP', { cause })),
      ),
    );
    upstream.once('response', (message) => settle(() => resolve({ message, head: Buffer.alloc(0) })));
    upstream.once('upgrade', (message, stream: Duplex, head) => {
      if (wanted === 'upgrade') return settle(() => resolve({ message, stream, head }));
      stream.destroy();
      return settle(() =>
        reject(new DomainError('unavailable', 'The server in the project changed protocols')),
      );
    });
  });
}
