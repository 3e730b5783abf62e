import type { Context } from 'hono';
import { DomainError } from '#domain/errors.ts';
import { parseInput } from '#domain/parse-input.ts';
import { createAnswer, type Exchange, whileConnected, wrongMethod } from '#http/kit/answer.ts';
import { HttpError } from '#http/kit/errors.ts';
import { jsonOf, readBytes } from '#http/kit/json-body.ts';
import { createResponseHeaders } from '#http/kit/response-headers.ts';
import type { SandboxDeps } from './deps.ts';
import type { SandboxRequest, SandboxRoute } from './route.ts';

export interface SandboxEdge {
  serve(route: SandboxRoute): (c: Context) => Promise<Response>;
  /** For the other methods of a known path. */
  refuseMethod(allow: string): (c: Context) => Promise<Response>;
  notFound(c: Context): Promise<Response>;
}

/** Before anything else the token is asked for, except at public routes. No browser is a caller. */
export function createSandboxEdge(deps: Pick<SandboxDeps, 'isAuthorized' | 'draining' | 'log'>): SandboxEdge {
  const answer = createAnswer({ ...deps, responseHeaders: createResponseHeaders([]), accessLevel: 'debug' });

  function authorize({ header }: Exchange): void {
    if (!deps.isAuthorized(header('authorization'))) throw tokenRequired();
  }

  return {
    serve: (route) => (c) =>
      answer(
        c,
        (exchange) => {
          if (route.access === 'token') authorize(exchange);
          return route.handle(toRequest(exchange, route.bodyLimit ?? 0));
        },
        { whileDraining: route.access === 'public' },
      ),
    refuseMethod: (allow) => (c) =>
      answer(c, (exchange) => {
        authorize(exchange);
        throw wrongMethod(allow);
      }),
    notFound: (c) =>
      answer(c, (exchange) => {
        authorize(exchange);
        // Not `not_found`, which says that a file or a project is missing.
        throw new HttpError(404, 'path_not_found', 'There is nothing at this path');
      }),
  };
}

export function tokenRequired(): DomainError {
  return new DomainError('unauthenticated', 'The bearer token of this sandbox server is required');
}

function toRequest({ c, header }: Exchange, bodyLimit: number): SandboxRequest {
  const query = new URL(c.req.url).searchParams;
  const bytes = () => readBytes(c.req.raw, header('content-length'), bodyLimit);
  return {
    param: (name) => c.req.param(name) ?? '',
    query: (name) => query.get(name) ?? undefined,
    json: async (schema) => parseInput(schema, jsonOf(await bytes())),
    bytes,
    signal: () => whileConnected(c.req.raw.signal),
  };
}
