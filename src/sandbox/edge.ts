import type { Context } from 'hono';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { FILE_STAT_HEADER } from '#infra/sandbox/wire/host-wire.ts';
import { newId } from '#shared/ids.ts';
import { truncate } from '#shared/text.ts';
import { parseJson, readBody } from './body.ts';
import type { SandboxDeps } from './deps.ts';
import { SandboxError, toErrorReply } from './errors.ts';
import type { Reply, Route, SandboxRequest } from './route.ts';

const MAX_LOGGED_PATH = 200;
const SANE_REQUEST_ID = /^[A-Za-z0-9._:-]{1,64}$/;

/** Everything that holds for each request: token, limits, errors, the access log. */
export interface Edge {
  serve(route: Route): (c: Context) => Promise<Response>;
  refuse(error: SandboxError): (c: Context) => Promise<Response>;
}

type EdgeDeps = Pick<SandboxDeps, 'isAuthorized' | 'draining' | 'log'>;

export function createEdge({ isAuthorized, draining, log }: EdgeDeps): Edge {
  async function answer(c: Context, run: () => Promise<Reply> | Reply): Promise<Response> {
    const startedAt = performance.now();
    const requestId = requestIdOf(c.req.header('x-request-id'));
    const response = await respond(run, requestId);
    log.debug(
      {
        request_id: requestId,
        method: c.req.method,
        path: truncate(c.req.path, MAX_LOGGED_PATH),
        status: response.status,
        duration_ms: Math.round((performance.now() - startedAt) * 10) / 10,
      },
      'request',
    );
    return response;
  }

  async function respond(run: () => Promise<Reply> | Reply, requestId: string): Promise<Response> {
    try {
      return success(await run(), requestId);
    } catch (error) {
      const known = toErrorReply(error);
      if (known === null) log.error({ err: error, request_id: requestId }, 'request failed');
      const { status, code, message } = known ?? {
        status: 500,
        code: 'internal',
        message: 'Something went wrong',
      };
      const headers = headersFor(requestId, 'application/json');
      if (status === 401) headers['www-authenticate'] = 'Bearer';
      // What is left of a refused body is not read.
      if (status === 413) headers.connection = 'close';
      return new Response(JSON.stringify({ error: message, code, request_id: requestId }), {
        status,
        headers,
      });
    }
  }

  function authorize(c: Context): void {
    if (isAuthorized(c.req.header('authorization'))) return;
    throw new SandboxError('unauthenticated', 'The bearer token of this sandbox server is required');
  }

  return {
    serve: (route) => (c) =>
      answer(c, () => {
        if (route.access === 'token') {
          authorize(c);
          if (draining()) throw new WorkspaceError('unavailable', 'This sandbox host is shutting down');
        }
        return route.handle(toRequest(c, route.bodyLimit ?? 0));
      }),
    refuse: (error) => (c) =>
      answer(c, () => {
        authorize(c);
        throw error;
      }),
  };
}

function toRequest(c: Context, bodyLimit: number): SandboxRequest {
  const query = new URL(c.req.url).searchParams;
  const bytes = () => readBody(c.req.raw, c.req.header('content-length'), bodyLimit);
  return {
    param: (name) => c.req.param(name) ?? '',
    query: (name) => query.get(name) ?? undefined,
    json: async (schema) => parseJson(await bytes(), schema),
    bytes,
    signal: () => c.req.raw.signal,
  };
}

function success(reply: Reply, requestId: string): Response {
  if (reply.kind === 'json') {
    return new Response(JSON.stringify(reply.body), { headers: headersFor(requestId, 'application/json') });
  }
  const headers = headersFor(requestId, 'application/octet-stream');
  headers[FILE_STAT_HEADER] = encodeURIComponent(JSON.stringify(reply.stat));
  // Node's buffers are bytes of an ArrayBuffer; the type of Response does not know.
  return new Response(reply.bytes as Uint8Array<ArrayBuffer>, { headers });
}

function headersFor(requestId: string, contentType: string): Record<string, string> {
  return {
    'content-type': contentType,
    'cache-control': 'no-store',
    'x-content-type-options': 'nosniff',
    'x-request-id': requestId,
  };
}

function requestIdOf(incoming: string | undefined): string {
  return incoming !== undefined && SANE_REQUEST_ID.test(incoming) ? incoming : newId();
}
