import { RefusalBody } from '#domain/protocol/errors.ts';
import {
  type Bytes,
  type Endpoint,
  pathOf,
  type Replies,
  type RequestTo,
  type ResultOf,
} from '#domain/protocol/http/endpoint.ts';

export interface ApiDeps {
  /** A path before `/api` is kept. */
  server: URL;
  fetch: typeof globalThis.fetch;
  /** Sent with endpoints that need one. */
  token(): string;
  timeoutMs?: number;
}

export interface Refusal {
  status: number;
  code: string;
  /** A sentence of the server; empty when it gave none. */
  message: string;
  retryAfterMs: number | null;
  /** Where another server is, when the answer says so. */
  location: string | null;
}

export type Answer<E extends Endpoint> =
  | { ok: true; status: number; body: ResultOf<E>; headers: Headers }
  | { ok: false; refusal: Refusal };

/** The answer is none of this API's. */
export class AnswerMismatchError extends Error {}

/** The REST API as its endpoints declare it. */
export interface Api {
  /** Throws what `fetch` throws, and `AnswerMismatchError`; a refusal is an answer. */
  send<E extends Endpoint>(endpoint: E, request: RequestTo<E>): Promise<Answer<E>>;
}

/** The parts of any request, with the types of its endpoint left out. */
interface AnyRequest {
  params?: Readonly<Record<string, string>>;
  query?: Readonly<Record<string, unknown>>;
  headers?: Readonly<Record<string, string | undefined>>;
  body?: unknown;
  signal?: AbortSignal;
}

const TIMEOUT_MS = 30_000;

export function createApi(deps: ApiDeps): Api {
  const base = `${deps.server.origin}${deps.server.pathname.replace(/\/$/, '')}`;

  function fetchAnswer(
    endpoint: Endpoint,
    { params, query, headers, body, signal }: AnyRequest,
  ): Promise<Response> {
    const sent: Record<string, string> = { accept: 'application/json' };
    for (const [name, value] of Object.entries(headers ?? {})) if (value !== undefined) sent[name] = value;
    if (endpoint.access === 'user') sent.authorization = `Bearer ${deps.token()}`;
    if (body !== undefined) sent['content-type'] = 'application/json';
    const timeout = AbortSignal.timeout(deps.timeoutMs ?? TIMEOUT_MS);
    return deps.fetch(`${base}${pathOf(endpoint, params ?? {})}${queryText(query ?? {})}`, {
      method: endpoint.method,
      headers: sent,
      body: body === undefined ? undefined : JSON.stringify(body),
      // A redirect must not carry a password or a token elsewhere.
      redirect: 'manual',
      signal: signal ? AbortSignal.any([signal, timeout]) : timeout,
    });
  }

  return {
    async send<E extends Endpoint>(endpoint: E, request: RequestTo<E>): Promise<Answer<E>> {
      const response = await fetchAnswer(endpoint, request as AnyRequest);
      const declared = endpoint.replies[response.status];
      if (declared === undefined) {
        if (response.ok) throw mismatch(endpoint);
        return { ok: false, refusal: toRefusal(response, await response.text()) };
      }
      const body =
        'bytes' in declared
          ? new Uint8Array(await response.arrayBuffer())
          : parseBody(endpoint, declared, await response.text());
      return { ok: true, status: response.status, body: body as ResultOf<E>, headers: response.headers };
    },
  };
}

function queryText(query: Readonly<Record<string, unknown>>): string {
  const given = Object.entries(query).filter(([, value]) => value !== undefined);
  if (given.length === 0) return '';
  return `?${new URLSearchParams(given.map(([name, value]): [string, string] => [name, String(value)]))}`;
}

function parseBody(endpoint: Endpoint, declared: Exclude<Replies[number], Bytes>, text: string): unknown {
  const parsed = declared.safeParse(parseJson(text));
  if (parsed.success) return parsed.data;
  throw mismatch(endpoint);
}

function mismatch({ method, path }: Endpoint): AnswerMismatchError {
  return new AnswerMismatchError(`${method} ${path} is not answered as it is declared`);
}

function toRefusal(response: Response, text: string): Refusal {
  const body = RefusalBody.safeParse(parseJson(text));
  const { error, message, code } = body.success ? body.data : {};
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  return {
    status: response.status,
    code: code ?? 'unknown',
    message: error ?? message ?? '',
    retryAfterMs: Number.isFinite(seconds) ? seconds * 1000 : null,
    location: response.headers.get('location'),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
