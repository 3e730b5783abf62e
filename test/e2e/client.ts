import { setTimeout as sleep } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { type Answer, type Api, createApi } from '#client/api.ts';
import type { Endpoint, ResultOf } from '#domain/protocol/http/endpoint.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import type { ServerFrame } from '#domain/protocol/index.ts';
import type { MessageView } from '#domain/protocol/views/message.ts';
import { checkAnswer, checkedFrame } from '../harness/protocol-check.ts';
import { type Deployment, uniqueName } from './deployment.ts';

export type Frame = ServerFrame & { _streamId?: string };
type FrameOf<T extends Frame['Type']> = Extract<Frame, { Type: T }>;

const WAIT_MS = 20_000;

export interface Reply {
  status: number;
  body: unknown;
}

export interface Account {
  token: string;
  api: Api;
  /** Any request at all; an answer that is not as declared throws. */
  call(method: string, path: string, body?: unknown): Promise<Reply>;
}

/** Registers somebody new. */
export async function register(deployment: Deployment): Promise<Account> {
  const username = uniqueName();
  const credentials = { username, email: `${username}@example.com`, password: `pass-${username}-word` };
  let token = '';
  const api = createApi({ server: new URL(deployment.http), fetch, token: () => token });
  token = (await successOf(api.send(API.auth.register, { body: credentials }))).token;
  return { token, api, call: (method, path, body) => request(deployment, method, path, { body, token }) };
}

/** What a success holds. Throws for a refusal. */
export async function successOf<E extends Endpoint>(sent: Promise<Answer<E>>): Promise<ResultOf<E>> {
  const answer = await sent;
  if (answer.ok) return answer.body;
  throw new Error(`refused with ${answer.refusal.status}: ${answer.refusal.message}`);
}

async function request(
  { http }: Deployment,
  method: string,
  path: string,
  { body, token }: { body?: unknown; token?: string },
): Promise<Reply> {
  const response = await fetch(`${http}${path}`, {
    method,
    headers: {
      ...(token ? { authorization: `Bearer ${token}` } : {}),
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    body: body === undefined ? undefined : JSON.stringify(body),
  });
  const text = await response.text();
  checkAnswer({ method, path }, { status: response.status, text });
  return { status: response.status, body: JSON.parse(text) };
}

export interface Conversation {
  sessionId: string;
  projectId: string;
  messages(): Promise<MessageView[]>;
}

export async function newConversation(account: Account): Promise<Conversation> {
  const { api } = account;
  const project = await successOf(api.send(API.projects.createProject, { body: { name: 'demo' } }));
  const wanted = { project_id: project.id, title: 'e2e', is_auto: true };
  const { id } = await successOf(api.send(API.sessions.createSession, { body: wanted }));
  return {
    sessionId: id,
    projectId: project.id,
    messages: () => successOf(api.send(API.sessions.listMessages, { params: { id } })),
  };
}

export interface Socket {
  frames: Frame[];
  send(frame: object): void;
  /** The first frame of this type that fits, among those received already or to come. */
  wait<T extends Frame['Type']>(type: T, fits?: (frame: FrameOf<T>) => boolean): Promise<FrameOf<T>>;
  cursor(): string;
  /** Cuts the connection without a word. */
  drop(): void;
  close(): Promise<void>;
}

/** Connects, attaches to the session and waits until it is live. */
export async function attach(
  deployment: Deployment,
  account: Account,
  options: { sessionId: string; cursor?: string },
): Promise<Socket> {
  const socket = new WebSocket(`${deployment.ws}?session_id=${options.sessionId}`, {
    headers: { authorization: `Bearer ${account.token}` },
  });
  const frames: Frame[] = [];
  socket.on('message', (data) => frames.push(checkedFrame(JSON.parse(String(data)))));
  socket.on('error', () => {});
  await new Promise<void>((resolve, reject) => {
    socket.once('open', () => resolve());
    socket.once('unexpected-response', (_, response) =>
      reject(new Error(`refused with ${response.statusCode}`)),
    );
  });
  const client: Socket = {
    frames,
    send: (frame) => socket.send(JSON.stringify(frame)),
    async wait(type, fits = () => true) {
      const deadline = Date.now() + WAIT_MS;
      for (;;) {
        const found = frames.find((frame) => frame.Type === type && fits(frame as FrameOf<typeof type>));
        if (found) return found as FrameOf<typeof type>;
        if (Date.now() > deadline) {
          const seen = frames.map((frame) => frame.Type).join(' ');
          throw new Error(`no ${type} within ${WAIT_MS} ms; seen: ${seen}`);
        }
        await sleep(5);
      }
    },
    cursor: () => frames.findLast((frame) => frame._streamId !== undefined)?._streamId ?? '',
    drop: () => socket.terminate(),
    async close() {
      if (socket.readyState === WebSocket.CLOSED) return;
      const closed = new Promise((resolve) => socket.once('close', resolve));
      socket.close();
      await closed;
    },
  };
  client.send({ type: 'reconnect', sessionID: options.sessionId, lastMsgId: options.cursor ?? '' });
  await client.wait('reconnection_status');
  return client;
}

export function textOf(message: MessageView | undefined): string {
  return (message?.Parts ?? []).map((part) => (part.type === 'text' ? part.text : '')).join('');
}

/** Deltas of text, by message. */
export function deltaText(frames: readonly Frame[], messageId: string): string {
  return frames
    .map((frame) =>
      frame.Type === 'stream_delta' && frame.message_id === messageId && frame.delta_type === 'text'
        ? frame.content
        : '',
    )
    .join('');
}
