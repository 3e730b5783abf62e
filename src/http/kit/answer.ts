import type { IncomingMessage } from 'node:http';
import type { Context } from 'hono';
import { DomainError } from '#domain/errors.ts';
import type { Log } from '#shared/log.ts';
import { truncate } from '#shared/text.ts';
import { HttpError, internalErrorReply, toErrorReply } from './errors.ts';
import { requestIdOf } from './request-id.ts';
import type { ResponseHeaders } from './response-headers.ts';
import type { Reply } from './route.ts';

const MAX_LOGGED_PATH = 200;

/** One request on its way through a server. */
export interface Exchange {
  c: Context;
  requestId: string;
  header(name: string): string | undefined;
  /** For the access log, once it is known. */
  userId?: string;
}

export interface AnswerDeps {
  responseHeaders: ResponseHeaders;
  /** True once the process should get no new work. */
  draining: () => boolean;
  /** Each request leaves a line of this level. */
  accessLevel: 'info' | 'debug';
  log: Log;
}

export interface AnswerOptions {
  /** Served while the process drains. */
  whileDraining?: boolean;
  /** Throws for an answer that must not go out. */
  check?(reply: Reply, json: string): void;
  /** Added to the body of a refusal. */
  onError?(message: string): object;
}

export type Run = (exchange: Exchange) => Promise<Reply> | Reply;
export type Answer = (c: Context, run: Run, options?: AnswerOptions) => Promise<Response>;

/** What holds for each answer of every service: request id, headers, errors, the access log. */
export function createAnswer(deps: AnswerDeps): Answer {
  function serialized(reply: Reply, options: AnswerOptions): { reply: Reply; json: string } {
    const json = reply.bytes === undefined && reply.status !== 204 ? JSON.stringify(reply.body) : '';
    options.check?.(reply, json);
    return { reply, json };
  }

  async function outcomeOf(exchange: Exchange, run: Run, options: AnswerOptions) {
    try {
      if (!options.whileDraining && deps.draining()) {
        throw new DomainError('draining', 'This server is shutting down');
      }
      return serialized(await run(exchange), options);
    } catch (error) {
      const refusal = failure(exchange, error, options);
      try {
        return serialized(refusal, options);
      } catch (undeclared) {
        return serialized(failure(exchange, undeclared, options), options);
      }
    }
  }

  function failure(exchange: Exchange, error: unknown, { onError }: AnswerOptions): Reply {
    const known = toErrorReply(error, exchange.requestId);
    if (!known || known.status === 503) {
      const fields = { err: error, request_id: exchange.requestId, path: loggedPath(exchange.c) };
      if (known) deps.log.warn(fields, 'request refused');
      else deps.log.error(fields, 'request failed');
    }
    const reply = known ?? internalErrorReply(exchange.requestId);
    const { error: message } = reply.body as { error: string };
    return onError ? { ...reply, body: { ...onError(message), ...(reply.body as object) } } : reply;
  }

  /** The path without its query, in which tokens may be. */
  function logAccess(exchange: Exchange, status: number, ms: number): void {
    const { c, requestId: request_id, userId: user_id } = exchange;
    const duration_ms = Math.round(ms * 10) / 10;
    const fields = { request_id, method: c.req.method, path: loggedPath(c), status, duration_ms, user_id };
    deps.log[deps.accessLevel](fields, 'request');
  }

  return async (c, run, options = {}) => {
    const started = performance.now();
    const header = headerReader(c);
    const exchange: Exchange = { c, requestId: requestIdOf(header('x-request-id')), header };
    const { reply, json } = await outcomeOf(exchange, run, options);
    const headers = deps.responseHeaders.build(exchange.requestId, header('origin'));
    if (reply.headers) Object.assign(headers, reply.headers);
    if (deps.draining()) headers.connection = 'close';
    logAccess(exchange, reply.status, performance.now() - started);
    if (reply.status === 204) {
      delete headers['content-type'];
      return new Response(null, { status: 204, headers });
    }
    const body = (reply.bytes ?? json) as ConstructorParameters<typeof Response>[0];
    return new Response(body, { status: reply.status, headers });
  };
}

/** Aborted, with an error to throw, when the client goes away: the server's own signal gives none as its reason. */
export function whileConnected(connection: AbortSignal): AbortSignal {
  const gone = new AbortController();
  const leave = (): void => gone.abort(new HttpError(499, 'client_closed_request', 'The client went away'));
  if (connection.aborted) leave();
  else connection.addEventListener('abort', leave, { once: true });
  return gone.signal;
}

export function wrongMethod(allow: string): HttpError {
  return new HttpError(405, 'method_not_allowed', 'This path does not take this method', { allow });
}

/** Present behind a Node server, absent in `app.request`. */
export function incomingOf(c: Context): IncomingMessage | undefined {
  return (c.env as { incoming?: IncomingMessage } | undefined)?.incoming;
}

function loggedPath(c: Context): string {
  return truncate(c.req.path, MAX_LOGGED_PATH);
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
