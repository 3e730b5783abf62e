import type { AnyContext } from '#domain/create-context.ts';
import type { Access } from '#domain/user/index.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** An answer: `body` becomes JSON; `bytes` go out as they are. */
export interface Reply {
  status: number;
  body?: unknown;
  bytes?: Uint8Array | ReadableStream<Uint8Array>;
  headers?: Record<string, string>;
}

export interface RouteRequest {
  ctx: AnyContext;
  /** Parsed JSON of routes that take a body, else undefined. Not validated. */
  body: unknown;
  param(name: string): string;
  query(name: string): string | undefined;
  header(name: string): string | undefined;
  /** The client's network address, seen through trusted proxies. */
  address(): string;
  /** Aborted, with an error to throw, when the client goes away. */
  signal(): AbortSignal;
}

export interface UserRequest extends RouteRequest {
  access: Access;
}

interface RouteBase {
  method: Method;
  /** In Hono's notation. */
  path: string;
  /** The route takes a JSON body of at most this size. */
  bodyLimit?: number;
  /** Served while the process drains. */
  whileDraining?: boolean;
  /** Added to the body of an error. */
  onError?: (message: string) => object;
}

export type Route = RouteBase &
  (
    | { access: 'public'; handle(request: RouteRequest): Promise<Reply> | Reply }
    | { access: 'user'; handle(request: UserRequest): Promise<Reply> | Reply }
  );

export const JSON_BODY_LIMIT = 1024 * 1024;

export function ok(body: unknown, headers?: Record<string, string>): Reply {
  return { status: 200, body, headers };
}

export function accepted(body: unknown): Reply {
  return { status: 202, body };
}
