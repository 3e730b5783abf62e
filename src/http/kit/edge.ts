import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import type { AnyContext } from '#domain/create-context.ts';
import { DomainError } from '#domain/errors.ts';
import type { Endpoint } from '#domain/protocol/http/endpoint.ts';
import type { Access } from '#domain/user/index.ts';
import { truncate } from '#shared/text.ts';
import type { EdgeDeps } from '../deps.ts';
import { checkReply } from './check-reply.ts';
import { createClientAddress } from './client-address.ts';
import { HttpError, internalErrorReply, toErrorReply } from './errors.ts';
import { requireJsonType } from './json-body.ts';
import { readRequest } from './read-request.ts';
import { requestIdOf } from './request-id.ts';
import { createResponseHeaders } from './response-headers.ts';
import type { Reply, Route } from './route.ts';

const MAX_LOGGED_PATH = 200;

/** Everything that holds for each request, in one pass: Hono handlers that answer routes and misses. */
export interface Edge {
  serve(route: Route): (c: Context) => Promise<Response>;
  /** For the other methods of a known path. */
  refuseMethod(allow: string): (c: Context) => Promise<Response>;
  notFound(c: Context): Promise<Response>;
}

interface Exchange {
  c: Context;
  requestId: string;
  header(name: string): string | undefined;
  userId?: string;
}

interface Outgoing {
  reply: Reply;
  /** Empty for bytes. */
  json: string;
}

export function createEdge(deps: EdgeDeps): Edge {
  const responseHeaders = createResponseHeaders(deps.origins);
  const clientAddress = createClientAddress(deps.trustedProxies);

  async function answer(
    c: Context,
    run: (exchange: Exchange) => Promise<Reply> | Reply,
    route?: Route,
  ): Promise<Response> {
    const started = performance.now();
    const header = headerReader(c);
    const exchange: Exchange = { c, requestId: requestIdOf(header('x-request-id')), header };
    const { reply, json } = await outcomeOf(exchange, run, route);
    const headers = responseHeaders.build(exchange.requestId, header('origin'));
    if (reply.headers) Object.assign(headers, reply.headers);
    if (deps.draining()) headers.connection = 'close';
    logAccess(exchange, reply.status, performance.now() - started);
    if (reply.status === 204) {
      delete headers['content-type'];
      return new Response(null, { status: 204, headers });
    }
    const body = (reply.bytes ?? json) as ConstructorParameters<typeof Response>[0];
    return new Response(body, { status: reply.status, headers });
  }

  async function outcomeOf(
    exchange: Exchange,
    run: (exchange: Exchange) => Promise<Reply> | Reply,
    route?: Route,
  ): Promise<Outgoing> {
    try {
      if (!route?.endpoint.whileDraining && deps.draining())
        throw new DomainError('draining', 'This server is shutting down');
      return checked(await run(exchange), route);
    } catch (error) {
      const refusal = failure(exchange, error, route);
      try {
        return checked(refusal, route);
      } catch (undeclared) {
        return checked(failure(exchange, undeclared, route), route);
      }
    }
  }

  function checked(reply: Reply, route: Route | undefined): Outgoing {
    const json = reply.bytes === undefined && reply.status !== 204 ? JSON.stringify(reply.body) : '';
    if (deps.checkReplies && route) checkReply(route.endpoint, reply, json);
    return { reply, json };
  }

  function failure(exchange: Exchange, error: unknown, route?: Route): Reply {
    const known = toErrorReply(error, exchange.requestId);
    if (!known || known.status === 503) {
      const fields = { err: error, request_id: exchange.requestId, path: loggedPath(exchange.c) };
      if (known) deps.log.warn(fields, 'request refused');
      else deps.log.error(fields, 'request failed');
    }
    const reply = known ?? internalErrorReply(exchange.requestId);
    const { error: message } = reply.body as { error: string };
    return route?.onError
      ? { ...reply, body: { ...route.onError(message), ...(reply.body as object) } }
      : reply;
  }

  /** The path without its query, in which tokens may be. */
  function logAccess(exchange: Exchange, status: number, ms: number): void {
    const { c, requestId: request_id, userId: user_id } = exchange;
    const duration_ms = Math.round(ms * 10) / 10;
    const fields = { request_id, method: c.req.method, path: loggedPath(c), status, duration_ms, user_id };
    deps.log.info(fields, 'request');
  }

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
    serve: (route) => (c) => answer(c, (exchange) => handle(route, exchange), route),
    refuseMethod: (allow) => (c) =>
      answer(c, ({ header }) => {
        if (c.req.method !== 'OPTIONS') {
          throw new HttpError(405, 'method_not_allowed', 'This path does not take this method', { allow });
        }
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

/** The server's own signal gives no error as its reason. */
function whileConnected(connection: AbortSignal): AbortSignal {
  const gone = new AbortController();
  const leave = (): void => gone.abort(new HttpError(499, 'client_closed_request', 'The client went away'));
  if (connection.aborted) leave();
  else connection.addEventListener('abort', leave, { once: true });
  return gone.signal;
}

function loggedPath(c: Context): string {
  return truncate(c.req.path, MAX_LOGGED_PATH);
}

/** Present behind a Node server, absent in `app.request`. */
function incomingOf(c: Context): IncomingMessage | undefined {
  return (c.env as { incoming?: IncomingMessage } | undefined)?.incoming;
}

/** Node's parsed headers where there are some: cheaper than building a Headers object per request. */
function headerReader(c: Context): (name: string) => string | undefined {
  const incoming = incomingOf(c);
  if (!incoming) return (name) => c.req.header(name);
  return (name) => {
    const value = incoming.headers[name];
    return Array.isArray(value) ? value.join(', ') : value;
  };
}
