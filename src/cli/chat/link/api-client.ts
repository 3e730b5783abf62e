import { AnswerMismatchError, createApi, type Refusal } from '#client/api.ts';
import { EXIT, FatalError } from '#config/errors.ts';
import type { Endpoint, RequestTo, ResultOf } from '#domain/protocol/http/endpoint.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import type { MessageView } from '#domain/protocol/views/message.ts';
import type { ProjectView } from '#domain/protocol/views/project.ts';
import type { AcceptedPrompt } from '#domain/protocol/views/prompt.ts';
import type { SessionStatusView } from '#domain/protocol/views/session.ts';
import { sleep } from '#shared/async/sleep.ts';
import { errorMessage } from '#shared/text.ts';
import type { Login } from '../credentials.ts';
import { revealLine } from '../terminal/sanitize.ts';

/** An answer of the server that is no success. The message is one line. */
export class ApiError extends Error {
  readonly status: number;
  readonly code: string;
  readonly retryAfterMs: number | null;
  constructor(answer: { status: number; code: string; message: string; retryAfterMs?: number | null }) {
    super(answer.message);
    this.name = 'ApiError';
    this.status = answer.status;
    this.code = answer.code;
    this.retryAfterMs = answer.retryAfterMs ?? null;
  }
}

export type ProjectSummary = Pick<ProjectView, 'id' | 'name'>;

export interface ApiClientDeps {
  server: URL;
  login: Login;
  fetch: typeof globalThis.fetch;
}

/** The REST half of the protocol. Methods throw `ApiError`, or `FatalError` (exit code 3) without a connection. */
export interface ApiClient {
  token(): string;
  register(username: string, signal: AbortSignal): Promise<void>;
  signIn(signal: AbortSignal): Promise<void>;
  /** A fresh token, by refresh or else by a new login. */
  renewToken(signal: AbortSignal): Promise<void>;
  listProjects(signal: AbortSignal): Promise<ProjectSummary[]>;
  createProject(name: string, signal: AbortSignal): Promise<ProjectSummary>;
  createSession(input: { projectId: string; title: string }, signal: AbortSignal): Promise<string>;
  listMessages(sessionId: string, limit: number, signal: AbortSignal): Promise<MessageView[]>;
  sessionStatus(sessionId: string, signal: AbortSignal): Promise<SessionStatusView>;
  /** Safe to repeat: the key makes the same prompt one turn. */
  postMessage(prompt: Prompt, signal: AbortSignal): Promise<AcceptedPrompt>;
  summarize(sessionId: string, signal: AbortSignal): Promise<{ turn_id: string }>;
}

export interface Prompt {
  sessionId: string;
  content: string;
  idempotencyKey: string;
}

const MAX_POST_ATTEMPTS = 5;
const RETRY_DELAY_MS = 500;
const MAX_RETRY_AFTER_MS = 10_000;

export function createApiClient(deps: ApiClientDeps): ApiClient {
  let token = '';

  const api = createApi({ server: deps.server, fetch: deps.fetch, token: () => token });

  async function call<E extends Endpoint>(
    endpoint: E,
    request: RequestTo<E>,
    signal: AbortSignal,
  ): Promise<ResultOf<E>> {
    try {
      return await send(endpoint, request, signal);
    } catch (error) {
      const isRefused = error instanceof ApiError && error.status === 401;
      if (!isRefused || endpoint.access === 'public') throw error;
      await client.renewToken(signal);
      return send(endpoint, request, signal);
    }
  }

  async function send<E extends Endpoint>(
    endpoint: E,
    request: RequestTo<E>,
    signal: AbortSignal,
  ): Promise<ResultOf<E>> {
    try {
      const answer = await api.send(endpoint, { ...request, signal });
      if (answer.ok) return answer.body;
      throw toApiError(answer.refusal);
    } catch (error) {
      signal.throwIfAborted();
      if (error instanceof ApiError) throw error;
      if (!(error instanceof AnswerMismatchError)) throw unreachable(deps.server, error);
      const message = `${deps.server.origin} does not answer as a Crush server (${error.message})`;
      throw new ApiError({ status: 502, code: 'bad_answer', message });
    }
  }

  const client: ApiClient = {
    token: () => token,
    async register(username, signal) {
      const body = { username, email: deps.login.email, password: deps.login.password };
      token = (await call(API.auth.register, { body }, signal)).token;
    },
    async signIn(signal) {
      token = (await call(API.auth.login, { body: deps.login }, signal)).token;
    },
    async renewToken(signal) {
      try {
        token = (await send(API.auth.refresh, {}, signal)).token;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        await client.signIn(signal);
      }
    },
    listProjects: (signal) => call(API.projects.listProjects, {}, signal),
    createProject: (name, signal) =>
      call(API.projects.createProject, { body: { name, description: '' } }, signal),
    async createSession({ projectId, title }, signal) {
      const body = { project_id: projectId, title };
      return (await call(API.sessions.createSession, { body }, signal)).id;
    },
    listMessages: (sessionId, limit, signal) =>
      call(API.sessions.listMessages, { params: { id: sessionId }, query: { limit } }, signal),
    sessionStatus: (sessionId, signal) =>
      call(API.sessions.getSessionStatus, { params: { id: sessionId } }, signal),
    async postMessage({ sessionId, content, idempotencyKey }, signal) {
      const headers = { 'Idempotency-Key': idempotencyKey };
      const request = { params: { id: sessionId }, body: { content }, headers };
      for (let attempt = 1; ; attempt++) {
        try {
          return await call(API.turns.submitPrompt, request, signal);
        } catch (error) {
          const delayMs = attempt < MAX_POST_ATTEMPTS ? retryDelayMs(error, attempt) : null;
          if (delayMs === null) throw error;
          await sleep(delayMs, signal);
        }
      }
    },
    summarize: (sessionId, signal) => call(API.turns.summarizeSession, { params: { id: sessionId } }, signal),
  };
  return client;
}

/** Null: trying again does not help. */
function retryDelayMs(error: unknown, attempt: number): number | null {
  const backOffMs = RETRY_DELAY_MS * 2 ** (attempt - 1);
  if (error instanceof FatalError) return backOffMs;
  if (!(error instanceof ApiError) || (error.status !== 429 && error.status !== 503)) return null;
  return Math.min(error.retryAfterMs ?? backOffMs, MAX_RETRY_AFTER_MS);
}

function toApiError({ status, code, message, retryAfterMs, location }: Refusal): ApiError {
  const redirect = status >= 300 && status < 400;
  const fallback = redirect
    ? `the server redirects to ${location ?? 'another address'}; use that address`
    : `the server answered with status ${status}`;
  return new ApiError({ status, code, message: revealLine(message || fallback), retryAfterMs });
}

function unreachable(server: URL, error: unknown): FatalError {
  const message = `cannot reach the server at ${server.origin} (${causeOf(error)})`;
  return new FatalError(message, EXIT.unavailable, { cause: error });
}

function causeOf(error: unknown): string {
  if (!(error instanceof Error)) return errorMessage(error);
  if (error.name === 'TimeoutError') return 'no answer in time';
  const cause = error.cause ?? error;
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : '';
  if (code === 'ECONNREFUSED') return 'connection refused; is `crush serve` running?';
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') return 'there is no such host';
  return code || errorMessage(cause);
}
