import { z } from 'zod';
import { EXIT, FatalError } from '#config/errors.ts';
import type { MessageView } from '#domain/protocol/views/message.ts';
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

const LoginAnswer = z.object({ token: z.string().min(1) });
const Named = z.object({ id: z.string(), name: z.string() });
const Identified = z.object({ id: z.string() });
const Accepted = z.object({ message_id: z.string(), turn_id: z.string() });
const AcceptedTurn = z.object({ turn_id: z.string() });
const StatusAnswer = z.object({ status: z.string(), is_running: z.boolean() });
const ErrorAnswer = z.object({
  error: z.string().optional(),
  message: z.string().optional(),
  code: z.string().optional(),
});
const StoredMessages = z.array(
  z.looseObject({ ID: z.string(), Role: z.string(), Parts: z.array(z.looseObject({ type: z.string() })) }),
);

export type ProjectSummary = z.infer<typeof Named>;

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
  sessionStatus(sessionId: string, signal: AbortSignal): Promise<z.infer<typeof StatusAnswer>>;
  /** Safe to repeat: the key makes the same prompt one turn. */
  postMessage(prompt: Prompt, signal: AbortSignal): Promise<z.infer<typeof Accepted>>;
  summarize(sessionId: string, signal: AbortSignal): Promise<z.infer<typeof AcceptedTurn>>;
}

export interface Prompt {
  sessionId: string;
  content: string;
  idempotencyKey: string;
}

const REQUEST_TIMEOUT_MS = 30_000;
const MAX_POST_ATTEMPTS = 5;
const RETRY_DELAY_MS = 500;
const MAX_RETRY_AFTER_MS = 10_000;

export function createApiClient(deps: ApiClientDeps): ApiClient {
  let token = '';

  async function call<T>(schema: z.ZodType<T>, request: Request, signal: AbortSignal): Promise<T> {
    try {
      return await send(schema, request, signal);
    } catch (error) {
      if (!(error instanceof ApiError) || error.status !== 401 || request.anonymous) throw error;
      await client.renewToken(signal);
      return send(schema, request, signal);
    }
  }

  async function send<T>(schema: z.ZodType<T>, request: Request, signal: AbortSignal): Promise<T> {
    const response = await connect(request, signal);
    const text = await readBody(response, deps.server);
    if (!response.ok) throw toApiError(response, text);
    const parsed = schema.safeParse(parseJson(text));
    if (parsed.success) return parsed.data;
    const what = `${request.method} ${request.path.split('?')[0]}`;
    throw new ApiError({
      status: 502,
      code: 'bad_answer',
      message: `${deps.server.origin} does not answer as a Crush server (${what})`,
    });
  }

  async function connect(request: Request, signal: AbortSignal): Promise<Response> {
    const headers: Record<string, string> = { accept: 'application/json', ...request.headers };
    if (!request.anonymous) headers.authorization = `Bearer ${token}`;
    if (request.body !== undefined) headers['content-type'] = 'application/json';
    try {
      return await deps.fetch(
        `${deps.server.origin}${deps.server.pathname.replace(/\/$/, '')}${request.path}`,
        {
          method: request.method,
          headers,
          body: request.body === undefined ? undefined : JSON.stringify(request.body),
          // A redirect must not carry a password or a token elsewhere.
          redirect: 'manual',
          signal: AbortSignal.any([signal, AbortSignal.timeout(REQUEST_TIMEOUT_MS)]),
        },
      );
    } catch (error) {
      signal.throwIfAborted();
      throw unreachable(deps.server, error);
    }
  }

  const client: ApiClient = {
    token: () => token,
    async register(username, signal) {
      const body = { username, email: deps.login.email, password: deps.login.password };
      const request = { method: 'POST', path: '/api/auth/register', body, anonymous: true } as const;
      token = (await call(LoginAnswer, request, signal)).token;
    },
    async signIn(signal) {
      const request = { method: 'POST', path: '/api/auth/login', body: deps.login, anonymous: true } as const;
      token = (await call(LoginAnswer, request, signal)).token;
    },
    async renewToken(signal) {
      try {
        token = (await send(LoginAnswer, { method: 'POST', path: '/api/auth/refresh' }, signal)).token;
      } catch (error) {
        if (!(error instanceof ApiError)) throw error;
        await client.signIn(signal);
      }
    },
    listProjects: (signal) => call(z.array(Named), { method: 'GET', path: '/api/projects' }, signal),
    createProject(name, signal) {
      const body = { name, description: '' };
      return call(Named, { method: 'POST', path: '/api/projects', body }, signal);
    },
    async createSession({ projectId, title }, signal) {
      const body = { project_id: projectId, title };
      return (await call(Identified, { method: 'POST', path: '/api/sessions', body }, signal)).id;
    },
    async listMessages(sessionId, limit, signal) {
      const path = `${sessionPath(sessionId)}/messages?limit=${limit}`;
      return (await call(StoredMessages, { method: 'GET', path }, signal)) as unknown as MessageView[];
    },
    sessionStatus: (sessionId, signal) =>
      call(StatusAnswer, { method: 'GET', path: `${sessionPath(sessionId)}/status` }, signal),
    summarize: (sessionId, signal) =>
      call(AcceptedTurn, { method: 'POST', path: `${sessionPath(sessionId)}/summarize` }, signal),
    async postMessage({ sessionId, content, idempotencyKey }, signal) {
      const headers = { 'idempotency-key': idempotencyKey };
      const path = `${sessionPath(sessionId)}/messages`;
      const request = { method: 'POST', path, body: { content }, headers } as const;
      for (let attempt = 1; ; attempt++) {
        try {
          return await call(Accepted, request, signal);
        } catch (error) {
          const delayMs = attempt < MAX_POST_ATTEMPTS ? retryDelayMs(error, attempt) : null;
          if (delayMs === null) throw error;
          await sleep(delayMs, signal);
        }
      }
    },
  };
  return client;
}

interface Request {
  method: 'GET' | 'POST';
  path: string;
  body?: unknown;
  headers?: Record<string, string>;
  /** Carries no token. */
  anonymous?: boolean;
}

function sessionPath(sessionId: string): string {
  return `/api/sessions/${encodeURIComponent(sessionId)}`;
}

/** Null: trying again does not help. */
function retryDelayMs(error: unknown, attempt: number): number | null {
  const backOffMs = RETRY_DELAY_MS * 2 ** (attempt - 1);
  if (error instanceof FatalError) return backOffMs;
  if (!(error instanceof ApiError) || (error.status !== 429 && error.status !== 503)) return null;
  return Math.min(error.retryAfterMs ?? backOffMs, MAX_RETRY_AFTER_MS);
}

async function readBody(response: Response, server: URL): Promise<string> {
  try {
    return await response.text();
  } catch (error) {
    throw unreachable(server, error);
  }
}

function toApiError(response: Response, text: string): ApiError {
  const answer = ErrorAnswer.safeParse(parseJson(text));
  const given = answer.success ? (answer.data.error ?? answer.data.message) : undefined;
  const redirect = response.status >= 300 && response.status < 400;
  const fallback = redirect
    ? `the server redirects to ${response.headers.get('location') ?? 'another address'}; use that address`
    : `the server answered with status ${response.status}`;
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return new ApiError({
    status: response.status,
    code: (answer.success && answer.data.code) || 'unknown',
    message: revealLine(given ?? fallback),
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
  });
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
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
  return code === 'ECONNREFUSED'
    ? 'connection refused; is `crush serve` running?'
    : code || errorMessage(cause);
}
