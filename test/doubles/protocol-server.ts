import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import type { ClientFrame } from '#domain/protocol/client-frames.ts';
import type { ErrorBody, ErrorCode } from '#domain/protocol/errors.ts';
import type { SessionFrame } from '#domain/protocol/session-frames.ts';
import type { ProjectView } from '#domain/protocol/views/project.ts';
import type { SessionView } from '#domain/protocol/views/session.ts';
import type { UserView } from '#domain/protocol/views/user.ts';
import { deferred } from '#shared/async/deferred.ts';
import { checkAnswer, checkedFrame } from '../harness/protocol-check.ts';

const EPOCH = 'abcdefghijklmnop';
export const EMAIL = 'me@example.com';
export const PASSWORD = 'correct horse';
export const SESSION = '0198c0de-0000-7000-8000-000000000001';

const USER: UserView = { id: 'user-1', username: 'me', email: EMAIL };
const SESSION_VIEW: SessionView = {
  id: SESSION,
  project_id: 'project-0',
  title: 'a session',
  message_count: 0,
  prompt_tokens: 0,
  completion_tokens: 0,
  cost: 0,
  context_window: 0,
  created_at: 1,
  updated_at: 1,
};

const projectOf = ({ id, name }: { id: string; name: string }): ProjectView => ({
  id,
  name,
  description: '',
  external_ip: '',
  frontend_port: 0,
  workspace_path: '/workspace',
  workdir_path: '/workspace',
  created_at: 1,
  updated_at: 1,
});

const refusal = (error: string, code: ErrorCode): ErrorBody => ({ error, code, request_id: 'request-1' });

type Body = Record<string, unknown>;
/** A frame of the one session; `session_id` is added. */
export type TurnFrame = { Type: SessionFrame['Type'] } & Body;

export interface ScriptedTurn {
  content: string;
  emit(...frames: TurnFrame[]): void;
  /** Resolves with the first frame of this type that the client sends, sent already or not. */
  frame(type: ClientFrame['type']): Promise<Body>;
  complete(status: 'completed' | 'error' | 'cancelled', error?: string): void;
}

/** A server that speaks the public protocol for one user and one session, and plays a script for each prompt and summary. */
export interface ProtocolServer {
  url: string;
  script(play: (turn: ScriptedTurn) => Promise<void> | void): void;
  /** Ends all sockets with this code; without one they are torn. */
  dropSockets(code?: number): void;
  /** From now on no cursor is usable. */
  forgetLog(): void;
  /** What `GET …/messages` and `…/status` answer. */
  stored: { messages: unknown[]; status: string };
  projects: Array<{ id: string; name: string }>;
  /** Requests as `METHOD path`, frames as they came, prompts as posted. */
  seen: { requests: string[]; frames: Body[]; prompts: string[]; registered: string[] };
  /** Tokens that are accepted; logins and refreshes add one each. */
  tokens: Set<string>;
  waitForSocket(): Promise<void>;
  close(): Promise<void>;
}

export async function createProtocolServer(): Promise<ProtocolServer> {
  const log: Array<TurnFrame & { session_id: string; _streamId: string }> = [];
  const sockets = new Set<WebSocket>();
  const attached = new Set<WebSocket>();
  const waiting: Array<{ type: string; resolve(frame: Body): void }> = [];
  const turns = new Map<string, Body>();
  let firstUsable = 0;
  let turnCount = 0;
  let isSummarized = false;
  let play: (turn: ScriptedTurn) => Promise<void> | void = (turn) => turn.complete('completed');
  let onAttach = () => {};

  const emit = (...frames: TurnFrame[]) => {
    for (const frame of frames) {
      const event = { ...frame, session_id: SESSION, _streamId: `${EPOCH}-${log.length + 1}` };
      checkedFrame(JSON.parse(JSON.stringify(event)));
      log.push(event);
      for (const socket of attached) socket.send(JSON.stringify(event));
    }
  };

  const server: Omit<ProtocolServer, 'url' | 'close'> = {
    script: (next) => {
      play = next;
    },
    dropSockets(code) {
      attached.clear();
      for (const socket of sockets) code ? socket.close(code) : socket.terminate();
    },
    forgetLog: () => {
      firstUsable = log.length + 1;
    },
    stored: { messages: [], status: '' },
    projects: [],
    seen: { requests: [], frames: [], prompts: [], registered: [] },
    tokens: new Set(),
    waitForSocket: () =>
      new Promise((resolve) => {
        onAttach = resolve;
      }),
  };

  function attach(socket: WebSocket, lastMsgId: string): void {
    const seq = Number(lastMsgId.split('-').at(-1) ?? 0);
    const resumed = lastMsgId.startsWith(EPOCH) && seq >= firstUsable;
    if (resumed) for (const event of log.slice(seq)) socket.send(JSON.stringify(event));
    const status = { messages_replayed: 0, generation_active: false, session_status: '', is_running: false };
    const last = { last_stream_id: `${EPOCH}-${log.length}`, resumed };
    const frame = { Type: 'reconnection_status', session_id: SESSION, ...status, ...last };
    socket.send(JSON.stringify(checkedFrame(frame)));
    attached.add(socket);
    onAttach();
  }

  function onFrame(socket: WebSocket, frame: Body): void {
    server.seen.frames.push(frame);
    if (frame.type === 'reconnect') attach(socket, String(frame.lastMsgId));
    const index = waiting.findIndex(({ type }) => type === frame.type);
    if (index >= 0) waiting.splice(index, 1)[0]?.resolve(frame);
  }

  function beginTurn(content: string): { turn_id: string } {
    turnCount += 1;
    const turnId = `turn-${turnCount}`;
    const turn: ScriptedTurn = {
      content,
      emit,
      frame(type) {
        const early = server.seen.frames.find((frame) => frame.type === type);
        if (early) return Promise.resolve(early);
        const arrival = deferred<Body>();
        waiting.push({ type, resolve: arrival.resolve });
        return arrival.promise;
      },
      complete: (status, error) => emit({ Type: 'generation_complete', turn_id: turnId, status, error }),
    };
    setImmediate(() => void play(turn));
    return { turn_id: turnId };
  }

  function beginPrompt(content: string): Body {
    isSummarized = false;
    server.seen.prompts.push(content);
    return { message_id: 'message-of-the-user', ...beginTurn(content) };
  }

  function beginSummary(): [number, unknown] {
    if (isSummarized) return [409, refusal('There is nothing to summarize', 'conflict')];
    isSummarized = true;
    return [202, beginTurn('')];
  }

  function newToken(): Body {
    const token = `token-${server.tokens.size + 1}`;
    server.tokens.add(token);
    return { success: true, token, user: USER };
  }

  function answer(route: string, body: Body, key: string): [number, unknown] {
    const path = route.replace(SESSION, ':id').replace(/\?.*/, '');
    switch (path) {
      case 'POST /api/auth/register':
        server.seen.registered.push(String(body.username));
        return [200, newToken()];
      case 'POST /api/auth/login':
        if (body.email === EMAIL && body.password === PASSWORD) return [200, newToken()];
        return [
          401,
          { success: false, message: 'x', ...refusal('Invalid e-mail or password', 'invalid_credentials') },
        ];
      case 'GET /api/projects':
        return [200, server.projects.map(projectOf)];
      case 'POST /api/projects':
        server.projects.push({ id: `project-${server.projects.length}`, name: String(body.name) });
        return [200, server.projects.slice(-1).map(projectOf)[0]];
      case 'POST /api/sessions':
        return [200, SESSION_VIEW];
      case 'GET /api/sessions/:id/messages':
        return [200, server.stored.messages];
      case 'GET /api/sessions/:id/status':
        return [200, { session_id: SESSION, status: server.stored.status, is_running: false }];
      case 'POST /api/sessions/:id/messages': {
        const turn = turns.get(key) ?? beginPrompt(String(body.content));
        turns.set(key, turn);
        return [202, turn];
      }
      case 'POST /api/sessions/:id/summarize':
        return beginSummary();
      default:
        return [404, refusal('Not found', 'not_found')];
    }
  }

  async function onRequest(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request) chunks.push(Buffer.from(chunk));
    const body = chunks.length > 0 ? (JSON.parse(Buffer.concat(chunks).toString()) as Body) : {};
    const route = `${request.method} ${request.url}`;
    server.seen.requests.push(route);
    const isOpen = route.includes('/api/auth/login') || route.includes('/api/auth/register');
    const [status, result] =
      isOpen || server.tokens.has(bearer(request))
        ? answer(route, body, String(request.headers['idempotency-key']))
        : [401, refusal('Unauthorized', 'unauthenticated')];
    checkAnswer(
      { method: request.method ?? '', path: request.url ?? '' },
      { status, text: JSON.stringify(result) },
    );
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(result));
  }

  const http = createServer((request, response) => void onRequest(request, response));
  const gateway = new WebSocketServer({ noServer: true });
  http.on('upgrade', (request, socket, head) => {
    if (!server.tokens.has(bearer(request)) || !request.url?.startsWith('/ws?session_id=')) {
      socket.end('HTTP/1.1 401 Unauthorized\r\nconnection: close\r\ncontent-length: 0\r\n\r\n');
      return;
    }
    gateway.handleUpgrade(request, socket, head, (client) => {
      sockets.add(client);
      client.on('message', (data) => onFrame(client, JSON.parse(String(data)) as Body));
      client.on('close', () => {
        sockets.delete(client);
        attached.delete(client);
      });
    });
  });
  await new Promise<void>((resolve) => http.listen(0, '127.0.0.1', resolve));
  return {
    ...server,
    url: `http://127.0.0.1:${(http.address() as AddressInfo).port}`,
    async close() {
      for (const socket of sockets) socket.terminate();
      gateway.close();
      http.closeAllConnections();
      await new Promise((resolve) => http.close(resolve));
    },
  };
}

function bearer(request: IncomingMessage): string {
  return request.headers.authorization?.replace('Bearer ', '') ?? '';
}
