import type { Socket } from 'node:net';
import { expect } from 'vitest';
import { WebSocket } from 'ws';
import { checkedFrame } from '../../harness/protocol-check.ts';
import type { Frame } from './world.ts';

export interface Client {
  socket: WebSocket;
  frames: Frame[];
  closed: Promise<number>;
  send(frame: unknown): void;
  sendRaw(data: string | Buffer): void;
  /** Waits for a frame of this type after the ones taken before. */
  next<T extends Frame['Type']>(type: T): Promise<Extract<Frame, { Type: T }>>;
  /** The last `_streamId`. */
  cursor(): string;
  /** Stops reading from the network. */
  pause(): void;
  resume(): void;
  terminate(): void;
}

export class RefusedError extends Error {
  readonly status: number;
  readonly body: { code?: string; error?: string };
  readonly headers: Record<string, unknown>;

  constructor(status: number, body: RefusedError['body'], headers: Record<string, unknown>) {
    super(`refused with ${status}`);
    this.status = status;
    this.body = body;
    this.headers = headers;
  }
}

export async function openClient(
  url: string,
  { headers, protocols = [] }: { headers?: Record<string, string>; protocols?: string[] },
): Promise<Client> {
  const socket = new WebSocket(url, protocols, { headers });
  const frames: Frame[] = [];
  let raw: Socket | null = null;
  let taken = 0;
  socket.on('upgrade', (response) => {
    raw = response.socket;
  });
  socket.on('message', (data) => frames.push(checkedFrame(JSON.parse(String(data))) as Frame));
  socket.on('error', () => {});
  const closed = new Promise<number>((resolve) => socket.once('close', resolve));
  await new Promise<void>((resolve, reject) => {
    socket.once('open', resolve);
    socket.once('error', reject);
    socket.once('unexpected-response', (request, response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => {
        body += chunk.toString();
      });
      response.on('end', () => {
        const parsed = body.startsWith('{') ? JSON.parse(body) : {};
        reject(new RefusedError(response.statusCode ?? 0, parsed, response.headers));
        request.destroy();
      });
    });
  });
  return {
    socket,
    frames,
    closed,
    send: (frame) => socket.send(JSON.stringify(frame)),
    sendRaw: (data) => socket.send(data),
    async next(type) {
      let found: Frame | undefined;
      await expect
        .poll(
          () => {
            const index = frames.findIndex((frame, at) => at >= taken && frame.Type === type);
            if (index < 0) return false;
            found = frames[index];
            taken = index + 1;
            return true;
          },
          { timeout: 5_000, interval: 5, message: `a frame of type ${type}` },
        )
        .toBe(true);
      return found as never;
    },
    cursor: () => frames.findLast((frame) => frame._streamId !== undefined)?._streamId ?? '',
    pause: () => raw?.pause(),
    resume: () => raw?.resume(),
    terminate: () => socket.terminate(),
  };
}
