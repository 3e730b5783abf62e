import { Pool } from 'undici';
import type { z } from 'zod';
import { type FileContent, WorkspaceError } from '#domain/workspace/index.ts';
import { FILE_STAT_HEADER, HostError, HostFileStat } from '../wire/host-wire.ts';
import { HostRefusal, hostUnavailable, toWorkspaceError } from './failures.ts';

const MAX_CONNECTIONS = 32;
/** Searches have time-outs of their own below this. */
const ANSWER_TIMEOUT_MS = 90_000;
const KEEP_ALIVE_MS = 30_000;
const MAX_ANSWER_BYTES = 128 * 1024 * 1024;

export interface HostHttpOptions {
  url: URL;
  token: string;
  connectTimeoutMs: number;
  /** Told of connections that could not be made or were lost, and of refusals. */
  onFailure(cause: unknown): void;
}

export interface HostRequest {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  /** With its query. */
  path: string;
  json?: object;
  bytes?: Uint8Array;
  /** Changes nothing, so that it may be sent again on a fresh connection. */
  readOnly: boolean;
  signal?: AbortSignal;
}

/** Requests to one host over kept connections. Throws `WorkspaceError`, or the reason of the signal. */
export interface HostHttp {
  json<S extends z.ZodType>(request: HostRequest, schema: S): Promise<z.infer<S>>;
  file(request: HostRequest): Promise<FileContent>;
  close(): Promise<void>;
}

interface Answer {
  headers: Record<string, string | string[] | undefined>;
  bytes: Uint8Array;
}

export function createHostHttp(options: HostHttpOptions): HostHttp {
  const pool = new Pool(options.url.origin, {
    connections: MAX_CONNECTIONS,
    connect: { timeout: options.connectTimeoutMs },
    headersTimeout: ANSWER_TIMEOUT_MS,
    bodyTimeout: ANSWER_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: MAX_ANSWER_BYTES,
  });
  const prefix = options.url.pathname.replace(/\/+$/, '');
  const authorization = `Bearer ${options.token}`;

  async function sendOnce(request: HostRequest): Promise<Answer> {
    const { json, bytes } = request;
    const { statusCode, headers, body } = await pool.request({
      method: request.method,
      path: `${prefix}${request.path}`,
      headers: { authorization, 'content-type': json ? 'application/json' : 'application/octet-stream' },
      body: json ? JSON.stringify(json) : bytes,
      signal: request.signal,
    });
    const answer = await body.bytes();
    if (statusCode >= 400) throw errorOf(answer);
    return { headers, bytes: answer };
  }

  async function send(request: HostRequest): Promise<Answer> {
    for (let again = request.readOnly; ; again = false) {
      try {
        return await sendOnce(request);
      } catch (error) {
        if (request.signal?.aborted) throw request.signal.reason;
        if (error instanceof HostRefusal) options.onFailure(error);
        if (error instanceof WorkspaceError) throw error;
        if (again && isLostConnection(error)) continue;
        throw translate(error);
      }
    }
  }

  function translate(error: unknown): WorkspaceError {
    const code = codeOf(error);
    if (code === 'UND_ERR_HEADERS_TIMEOUT' || code === 'UND_ERR_BODY_TIMEOUT') {
      return new WorkspaceError('timeout', 'The sandbox host took too long.', { cause: error });
    }
    options.onFailure(error);
    return hostUnavailable(error);
  }

  return {
    json: async (request, schema) => parse((await send(request)).bytes, schema),
    async file(request) {
      const { headers, bytes } = await send(request);
      const stat = headers[FILE_STAT_HEADER];
      return { bytes, stat: parse(decodeURIComponent(String(stat)), HostFileStat) };
    },
    close: () => pool.destroy(),
  };
}

function errorOf(answer: Uint8Array): WorkspaceError {
  try {
    const { code, error } = HostError.parse(JSON.parse(Buffer.from(answer).toString('utf8')));
    return toWorkspaceError(code, error);
  } catch {
    return new WorkspaceError('unavailable', 'The sandbox host gives an answer that is not understood.');
  }
}

function parse<S extends z.ZodType>(answer: Uint8Array | string, schema: S): z.infer<S> {
  try {
    const text = typeof answer === 'string' ? answer : Buffer.from(answer).toString('utf8');
    return schema.parse(JSON.parse(text));
  } catch (cause) {
    throw new WorkspaceError('unavailable', 'The sandbox host gives an answer that is not understood.', {
      cause,
    });
  }
}

/** A kept connection that the other side had closed meanwhile. */
function isLostConnection(error: unknown): boolean {
  return ['UND_ERR_SOCKET', 'ECONNRESET', 'EPIPE'].includes(codeOf(error));
}

function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
