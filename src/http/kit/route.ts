import type { AnyContext } from '#domain/create-context.ts';
import type {
  Bytes,
  Endpoint,
  HeadersOf,
  ParamsOf,
  ParsedBodyOf,
  QueryOf,
} from '#domain/protocol/http/endpoint.ts';
import type { Access } from '#domain/user/index.ts';

/** An answer: `body` becomes JSON; `bytes` go out as they are. */
export interface Reply {
  status: number;
  body?: unknown;
  bytes?: Uint8Array | ReadableStream<Uint8Array>;
  headers?: Record<string, string>;
}

/** What every handler gets, whatever its endpoint declares. */
interface Call {
  ctx: AnyContext;
  /** The client's network address, seen through trusted proxies. */
  address(): string;
  /** Aborted, with an error to throw, when the client goes away. */
  signal(): AbortSignal;
}

/** A request whose parts are what the endpoint's schemas say. */
export interface RequestOf<E extends Endpoint> extends Call {
  params: ParamsOf<E>;
  query: QueryOf<E>;
  headers: HeadersOf<E>;
  body: ParsedBodyOf<E>;
  access: E['access'] extends 'user' ? Access : undefined;
}

type ReplyWith<Status, Schema> = Schema extends Bytes
  ? { status: Status; bytes: Uint8Array | ReadableStream<Uint8Array>; headers?: Record<string, string> }
  : Schema extends { _zod: { output: infer Body } }
    ? { status: Status; body: Body; headers?: Record<string, string> }
    : never;

/** One of the declared successes. */
export type ReplyOf<E extends Endpoint> = {
  [Status in keyof E['replies']]: ReplyWith<Status, E['replies'][Status]>;
}[keyof E['replies']];

export interface RouteOptions {
  /** Added to the body of a refusal, as the endpoint's `errorBody` declares. */
  onError?: (message: string) => object;
}

/** An endpoint with what answers it; the edge has parsed and authenticated before. */
export interface Route extends RouteOptions {
  endpoint: Endpoint;
  handle(request: ParsedRequest): Promise<Reply> | Reply;
}

/** A request after parsing, with the types of its endpoint left out. */
export interface ParsedRequest extends Call {
  params: unknown;
  query: unknown;
  headers: unknown;
  body: unknown;
  access: Access | undefined;
}

/** The only place where a handler's types are forgotten: the edge keeps what the endpoint promises. */
export function route<E extends Endpoint>(
  endpoint: E,
  handle: (request: RequestOf<E>) => Promise<ReplyOf<E>> | ReplyOf<E>,
  options: RouteOptions = {},
): Route {
  return {
    endpoint,
    handle: (request) => handle(request as RequestOf<E>) as Promise<Reply> | Reply,
    ...options,
  };
}

export function ok<Body>(body: Body, headers?: Record<string, string>) {
  return { status: 200 as const, body, headers };
}

export function accepted<Body>(body: Body) {
  return { status: 202 as const, body };
}
