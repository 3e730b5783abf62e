import { get } from 'node:http';
import { connect, type Socket } from 'node:net';

export interface Load {
  port: number;
  path: string;
  headers?: Record<string, string>;
  connections: number;
  durationMs: number;
  signal: AbortSignal;
}

export interface LoadResult {
  requestsPerSecond: number;
  /** Of every answer, in ms. */
  latencies: number[];
}

const HEAD_END = Buffer.from('\r\n\r\n');

/** Each connection sends its next request when the last answer is complete. Any answer but 200 ends the run. */
export async function loadHttp(load: Load): Promise<LoadResult> {
  const headers = Object.entries({ host: `127.0.0.1:${load.port}`, ...load.headers });
  const request = Buffer.from(
    `GET ${load.path} HTTP/1.1\r\n${headers.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`,
  );
  const latencies: number[] = [];
  const startedAt = performance.now();
  const until = startedAt + load.durationMs;
  await Promise.all(
    Array.from({ length: load.connections }, () =>
      repeatRequest({ port: load.port, request, until, latencies, signal: load.signal }),
    ),
  );
  const seconds = (performance.now() - startedAt) / 1000;
  return { requestsPerSecond: latencies.length / seconds, latencies };
}

interface Connection {
  port: number;
  request: Buffer;
  until: number;
  latencies: number[];
  signal: AbortSignal;
}

function repeatRequest({ port, request, until, latencies, signal }: Connection): Promise<void> {
  return new Promise((resolve, reject) => {
    const socket: Socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let pending: Buffer = Buffer.alloc(0);
    let sentAt = 0;
    const end = (error?: unknown) => {
      signal.removeEventListener('abort', onAbort);
      socket.destroy();
      if (error === undefined) resolve();
      else reject(error);
    };
    const onAbort = () => end(signal.reason);
    const send = () => {
      sentAt = performance.now();
      socket.write(request);
    };
    signal.addEventListener('abort', onAbort, { once: true });
    socket.once('connect', send);
    socket.once('error', end);
    socket.once('close', () => end(new Error('the server closed a connection')));
    socket.on('data', (chunk: Buffer) => {
      pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
      const headEnd = pending.indexOf(HEAD_END);
      if (headEnd < 0) return;
      const head = pending.toString('latin1', 0, headEnd);
      const length = /\r\ncontent-length: *(\d+)/i.exec(head)?.[1];
      if (!head.startsWith('HTTP/1.1 200') || length === undefined) {
        end(new Error(`unexpected answer: ${pending.toString('utf8', 0, 500)}`));
        return;
      }
      if (pending.length < headEnd + HEAD_END.length + Number(length)) return;
      pending = Buffer.alloc(0);
      const now = performance.now();
      latencies.push(now - sentAt);
      if (now < until) send();
      else end();
    });
  });
}

/** The status, or 0 when nobody listens. */
export function getStatus(port: number, path: string): Promise<number> {
  return new Promise((resolve) => {
    const request = get({ host: '127.0.0.1', port, path, agent: false, timeout: 2000 }, (response) => {
      response.resume();
      response.once('close', () => resolve(response.statusCode ?? 0));
    });
    request.once('timeout', () => request.destroy());
    request.once('error', () => resolve(0));
  });
}
