import { randomUUID } from 'node:crypto';
import { WebSocket } from 'ws';
import { type Deferred, deferred } from '#shared/async/deferred.ts';
import { stampsIn } from '../../test/doubles/scripted-model/script.ts';
import type { Delivery } from './direct-model.ts';
import { type Directive, promptOf } from './directive.ts';
import type { Deployment } from './services.ts';

export interface User {
  token: string;
  request<T>(method: 'GET' | 'POST', path: string, body?: unknown): Promise<T>;
}

export interface Turn {
  /** From the prompt's sending to `generation_complete`. */
  ms: number;
  deliveries: Delivery[];
  toolCalls: number;
}

/** One socket on one session. */
export interface SessionSocket {
  /** Rejects unless the turn completes well within the limit. */
  turn(directive: Directive): Promise<Turn>;
  close(): void;
}

const REQUEST_LIMIT_MS = 20_000;
const TURN_LIMIT_MS = 60_000;

/** A new account. */
export async function register(deployment: Deployment): Promise<User> {
  const name = `bench-${randomUUID().slice(0, 8)}`;
  const account = { username: name, email: `${name}@example.com`, password: randomUUID() };
  const send = async <T>(method: 'GET' | 'POST', path: string, body: unknown, token?: string): Promise<T> => {
    const response = await fetch(`http://127.0.0.1:${deployment.httpPort}${path}`, {
      method,
      headers: {
        ...(body === undefined ? {} : { 'content-type': 'application/json' }),
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
      signal: AbortSignal.timeout(REQUEST_LIMIT_MS),
    });
    const text = await response.text();
    if (!response.ok) throw new Error(`${method} ${path} answered ${response.status}: ${text}`);
    return JSON.parse(text) as T;
  };
  const { token } = await send<{ token: string }>('POST', '/api/auth/register', account);
  return { token, request: (method, path, body) => send(method, path, body, token) };
}

export async function openSession(deployment: Deployment): Promise<SessionSocket> {
  const user = await register(deployment);
  const project = await user.request<{ id: string }>('POST', '/api/projects', { name: 'bench' });
  const session = await user.request<{ id: string }>('POST', '/api/sessions', {
    project_id: project.id,
    title: 'bench',
  });
  return attach(deployment, user, session.id);
}

/** The part of a frame that is looked at. */
interface Frame {
  Type: string;
  delta_type?: string;
  content?: string;
  status?: string;
  error?: string;
  code?: string;
}

interface Waiting {
  startedAt: number;
  deliveries: Delivery[];
  toolCalls: number;
  done: Deferred<Turn>;
}

async function attach(deployment: Deployment, user: User, sessionId: string): Promise<SessionSocket> {
  const socket = new WebSocket(`ws://127.0.0.1:${deployment.wsPort}/ws?session_id=${sessionId}`, {
    headers: { authorization: `Bearer ${user.token}` },
    perMessageDeflate: false,
    handshakeTimeout: REQUEST_LIMIT_MS,
  });
  const attached = deferred<void>();
  let waiting: Waiting | null = null;

  const fail = (error: Error) => {
    attached.reject(error);
    waiting?.done.reject(error);
  };
  const send = (frame: object) => socket.send(JSON.stringify(frame));
  socket.on('open', () => send({ type: 'reconnect', sessionID: sessionId, lastMsgId: '' }));
  socket.on('error', fail);
  socket.on('close', (code) => fail(new Error(`the socket was closed with ${code}`)));
  socket.on('message', (data) => {
    const at = performance.now();
    const frame = JSON.parse(String(data)) as Frame;
    if (frame.Type === 'reconnection_status') attached.resolve();
    else if (frame.Type === 'error') fail(new Error(`${frame.code}: ${frame.error}`));
    else if (waiting) take(waiting, frame, at);
  });

  await attached.promise;
  return {
    async turn(directive) {
      const mine: Waiting = {
        startedAt: performance.now(),
        deliveries: [],
        toolCalls: 0,
        done: deferred<Turn>(),
      };
      waiting = mine;
      const limit = setTimeout(() => mine.done.reject(new Error('the turn does not end')), TURN_LIMIT_MS);
      send({
        type: 'message',
        sessionID: sessionId,
        content: promptOf(directive),
        client_msg_id: randomUUID(),
      });
      try {
        return await mine.done.promise;
      } finally {
        clearTimeout(limit);
        waiting = null;
      }
    },
    close: () => socket.terminate(),
  };
}

function take(waiting: Waiting, frame: Frame, at: number): void {
  if (frame.Type === 'stream_delta' && frame.delta_type === 'text') {
    for (const stamp of stampsIn(frame.content ?? '')) waiting.deliveries.push({ at, stamp });
  } else if (frame.Type === 'tool_call_update' && frame.status === 'completed') {
    waiting.toolCalls += 1;
  } else if (frame.Type === 'generation_complete') {
    const { startedAt, deliveries, toolCalls, done } = waiting;
    if (frame.status === 'completed') done.resolve({ ms: at - startedAt, deliveries, toolCalls });
    else done.reject(new Error(`the turn ended as ${frame.status}: ${frame.error ?? ''}`));
  }
}
