import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { WorkspaceError } from '#domain/workspace/index.ts';
import {
  CHANNEL_PATH,
  CHANNEL_PING_INTERVAL_MS,
  CHANNEL_SILENCE_MS,
  ChannelReply,
  decodeFrame,
  encodeFrame,
  MAX_CHANNEL_MESSAGE_BYTES,
} from '../../wire/channel-wire.ts';
import { connectionLost, hostUnavailable, notIsolated, tokenRefused } from '../failures.ts';
import type { ChannelLink, Receiver } from './channel-link.ts';

const IDLE_MS = 300_000;
const NORMAL_CLOSURE = 1000;
const PROTOCOL_ERROR = 1002;

export interface ChannelOptions {
  url: URL;
  token: string;
  connectTimeoutMs: number;
  /** Whether a host that runs commands without isolation is accepted. */
  allowUnisolated: boolean;
  /** Told once; `expected` when this side closed it. */
  onClosed(expected: boolean): void;
}

export interface Channel extends ChannelLink {
  /** Whether the host keeps commands apart from itself. */
  readonly isolated: boolean;
  /** Ends what runs over it. Idempotent; resolves when the connection is gone. */
  close(): Promise<void>;
}

/** Connects and waits for the host's greeting. Throws `unavailable`. */
export function connectChannel(options: ChannelOptions): Promise<Channel> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(channelUrl(options.url), {
      headers: { authorization: `Bearer ${options.token}` },
      handshakeTimeout: options.connectTimeoutMs,
      perMessageDeflate: false,
      maxPayload: MAX_CHANNEL_MESSAGE_BYTES,
      followRedirects: false,
    });
    const timer = setTimeout(() => fail(hostUnavailable()), 2 * options.connectTimeoutMs);
    function fail(error: WorkspaceError): void {
      clearTimeout(timer);
      reject(error);
      socket.terminate();
    }
    socket.on('error', (cause) => fail(hostUnavailable(cause)));
    socket.on('unexpected-response', (_request, response: IncomingMessage) =>
      fail(response.statusCode === 401 ? tokenRefused() : hostUnavailable()),
    );
    socket.once('close', () => fail(hostUnavailable()));
    socket.once('message', (data, isBinary) => {
      const hello = isBinary ? null : parseReply(data.toString());
      if (hello?.type !== 'hello') return fail(hostUnavailable());
      if (!hello.isolated && !options.allowUnisolated) return fail(notIsolated());
      clearTimeout(timer);
      resolve(openChannel(socket, options, hello.isolated));
    });
  });
}

function channelUrl(base: URL): string {
  const protocol = base.protocol === 'https:' ? 'wss:' : 'ws:';
  return `${protocol}//${base.host}${base.pathname.replace(/\/+$/, '')}${CHANNEL_PATH}`;
}

function openChannel(socket: WebSocket, options: ChannelOptions, isolated: boolean): Channel {
  const receivers = new Map<number, Receiver>();
  let lastId = 0;
  let expected = false;
  let heardAt = performance.now();
  let usedAt = heardAt;

  function close(): Promise<void> {
    expected = true;
    if (socket.readyState === WebSocket.CLOSED) return Promise.resolve();
    const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
    const timer = setTimeout(() => socket.terminate(), options.connectTimeoutMs);
    socket.close(NORMAL_CLOSURE);
    return closed.finally(() => clearTimeout(timer));
  }

  function beat(): void {
    const now = performance.now();
    if (now - heardAt > CHANNEL_SILENCE_MS) socket.terminate();
    else if (receivers.size === 0 && now - usedAt > IDLE_MS) void close();
    else socket.ping();
  }

  function onText(text: string): void {
    const message = parseReply(text);
    if (message === null || message.type === 'hello') socket.close(PROTOCOL_ERROR);
    else receivers.get(message.id)?.reply(message);
  }

  function onBinary(bytes: Buffer): void {
    const frame = decodeFrame(bytes);
    if (frame === null) socket.close(PROTOCOL_ERROR);
    else receivers.get(frame.id)?.frame(frame.kind, frame.payload);
  }

  const heartbeat = setInterval(beat, CHANNEL_PING_INTERVAL_MS);
  const heard = (): void => {
    heardAt = performance.now();
  };
  socket.on('ping', heard);
  socket.on('pong', heard);
  socket.on('message', (data, isBinary) => {
    heard();
    // With the default binaryType every message is one Buffer.
    if (isBinary) onBinary(data as Buffer);
    else onText(data.toString());
  });
  socket.once('close', () => {
    clearInterval(heartbeat);
    options.onClosed(expected);
    for (const receiver of [...receivers.values()]) receiver.lost(connectionLost());
  });

  return {
    isolated,
    register(receiver) {
      if (socket.readyState !== WebSocket.OPEN) throw hostUnavailable();
      usedAt = performance.now();
      lastId = lastId >= 0xffff_ffff ? 1 : lastId + 1;
      receivers.set(lastId, receiver);
      return lastId;
    },
    forget(id) {
      usedAt = performance.now();
      receivers.delete(id);
    },
    send(message) {
      const text = JSON.stringify(message);
      if (Buffer.byteLength(text) > MAX_CHANNEL_MESSAGE_BYTES) {
        throw new WorkspaceError('too_large', 'The command and its input are too large.');
      }
      if (socket.readyState === WebSocket.OPEN) socket.send(text);
    },
    frame(kind, id, payload) {
      if (socket.readyState === WebSocket.OPEN) socket.send(encodeFrame(kind, id, payload));
    },
    close,
  };
}

function parseReply(text: string): ChannelReply | null {
  try {
    return ChannelReply.parse(JSON.parse(text));
  } catch {
    return null;
  }
}
