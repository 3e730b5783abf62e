import type { Context } from 'hono';
import type { AnyContext, ContextFactory } from '#domain/create-context.ts';
import { DomainError } from '#domain/errors.ts';
import type { Endpoint } from '#domain/protocol/http/endpoint.ts';
import type { Access, Authenticator } from '#domain/user/index.ts';
import type { Log } from '#shared/log.ts';
import { createAnswer, type Exchange, incomingOf, whileConnected, wrongMethod } from './answer.ts';
import { checkReply } from './check-reply.ts';
import { createClientAddress } from './client-address.ts';
import { HttpError } from './errors.ts';
import { requireJsonType } from './json-body.ts';
import { readRequest } from './read-request.ts';
import { createResponseHeaders } from './response-headers.ts';
import type { Reply, Route } from './route.ts';

/** What the edge of every request needs. */
export interface EdgeDeps {
  contexts: ContextFactory;
  authenticator: Pick<Authenticator, 'authenticate'>;
  /** Exact origins that browsers may call from. */
  origins: readonly string[];
  /** Addresses and networks (CIDR) whose X-Forwarded-For counts. */
  trustedProxies: readonly string[];
  /** True once the process should get no new work. */
  draining: () => boolean;
  /** Holds every answer against its endpoint's schemas; one that does not fit becomes a failure. Not for production. */
  checkReplies: boolean;
  log: Log;
}

/** Everything that holds for each request, in one pass: Hono handlers that answer routes and misses. */
export interface Edge {
  serve(route: Route): (c: Context) => Promise<Response>;
  /** For the other methods of a known path. */
  refuseMethod(allow: string): (c: Context) => Promise<Response>;
  notFound(c: Context): Promise<Response>;
}

export function createEdge(deps: EdgeDeps): Edge {
  const responseHeaders = createResponseHeaders(deps.origins);
  const clientAddress = createClientAddress(deps.trustedProxies);

  const answer = createAnswer({ ...deps, responseHeaders, accessLevel: 'info' });

  function contextOf(exchange: Exchange, access: Access | undefined): AnyContext {
    const actor = access
      ? ({ kind: 'user', userId: access.user.id, loginSessionId: access.loginSessionId } as const)
      : ({ kind: 'system' } as const);
    return deps.contexts({ actor, requestId: exchange.requestId });
  }

  async function handle(route: Route, exchange: Exchange): Promise<Reply> {
    const { c, header } = exchange;
    const { endpoint } = route;
    const access = endpoint.access === 'user' ? await authenticate(exchange) : undefined;
    if (endpoint.method !== 'GET') checkStateChange(endpoint, exchange);
    const parts = await readRequest(endpoint, {
      raw: c.req.raw,
      param: (name) => c.req.param(name),
      query: (name) => c.req.query(name),
      header,
    });
    return route.handle({
      ...parts,
      access,
      ctx: contextOf(exchange, access),
      address: () => clientAddress(incomingOf(c)?.socket.remoteAddress, header('x-forwarded-for')),
      signal: () => whileConnected(c.req.raw.signal),
    });
  }

  async function authenticate(exchange: Exchange): Promise<Access> {
    const match = /^Bearer +(\S+)$/i.exec(exchange.header('authorization') ?? '');
    if (!match?.[1]) throw missingToken();
    const access = await deps.authenticator.authenticate(match[1]);
    exchange.userId = access.user.id;
    return access;
  }

  function checkStateChange(endpoint: Endpoint, { header }: Exchange): void {
    const origin = header('origin');
    if (
      header('sec-fetch-site') === 'cross-site' &&
      (origin === undefined || !responseHeaders.isAllowed(origin))
    ) {
      throw new HttpError(403, 'origin_not_allowed', 'Requests from this origin are not allowed');
    }
    const contentType = header('content-type');
    if (endpoint.body !== undefined || contentType !== undefined) requireJsonType(contentType);
  }

  return {
    serve: (route) => {
      const { endpoint, onError } = route;
      const options = {
        whileDraining: endpoint.whileDraining,
        check: deps.checkReplies
          ? (reply: Reply, json: string) => checkReply(endpoint, reply, json)
          : undefined,
        onError,
      };
      return (c) => answer(c, (exchange) => handle(route, exchange), options);
    },
    refuseMethod: (allow) => (c) =>
      answer(c, ({ header }) => {
        if (c.req.method !== 'OPTIONS') throw wrongMethod(allow);
        const origin = header('origin');
        const preflight = origin !== undefined && responseHeaders.isAllowed(origin);
        return { status: 204, headers: { allow, ...(preflight ? responseHeaders.preflight(allow) : {}) } };
      }),
    notFound: (c) =>
      answer(c, () => {
        throw new HttpError(404, 'not_found', 'There is nothing at this path');
      }),
  };
}

function missingToken(): DomainError {
  return new DomainError('unauthenticated', 'A bearer token is required');
}
