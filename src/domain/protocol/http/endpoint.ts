import type { z } from 'zod';
import type { ErrorCode } from '../errors.ts';

export type Method = 'GET' | 'POST' | 'PUT' | 'DELETE';

/** A success whose bytes are not JSON. */
export interface Bytes {
  bytes: string;
  /** A media type; absent where it differs from case to case. */
  type?: string;
}

/** What a success of each status holds. */
export type Replies = { readonly [status: number]: z.ZodType | Bytes };

/** One request that the API answers, as data: servers, clients, documentation and tests derive from it. */
export interface Endpoint {
  method: Method;
  /** In Hono's notation. */
  path: string;
  access: 'public' | 'user';
  /** A sentence. */
  summary: string;
  params?: z.ZodObject;
  /** Texts as they stand in the URL; an empty one counts as absent. */
  query?: z.ZodObject;
  /** By the names under which errors speak of them. */
  headers?: z.ZodObject;
  /** JSON. */
  body?: z.ZodType;
  /** Bytes of the body at most; 1 MiB where it is not said. */
  bodyLimit?: number;
  replies: Replies;
  /** Besides those that every endpoint of its kind may answer with. */
  errors?: readonly ErrorCode[];
  /** What the body of a refusal is, where it holds more than `ErrorBody`. */
  errorBody?: z.ZodType;
  /** Headers of a success that clients read. */
  replyHeaders?: Readonly<Record<string, string>>;
  /** Served while the process drains. */
  whileDraining?: true;
}

export const JSON_BODY_LIMIT = 1024 * 1024;

/** Keeps the literal types. */
export function endpoint<const E extends Endpoint>(declared: E): E {
  return declared;
}

type OutputOf<S> = S extends z.ZodType ? z.output<S> : undefined;
type BodyOf<S> = S extends z.ZodType ? z.input<S> : never;

export type ParamsOf<E extends Endpoint> = OutputOf<E['params']>;
export type QueryOf<E extends Endpoint> = OutputOf<E['query']>;
export type HeadersOf<E extends Endpoint> = OutputOf<E['headers']>;
/** As the server sees it. */
export type ParsedBodyOf<E extends Endpoint> = OutputOf<E['body']>;
/** As a client sends it. */
type RequestBodyOf<E extends Endpoint> = BodyOf<E['body']>;

/** What all successes hold: JSON, or bytes. */
export type ResultOf<E extends Endpoint> = {
  [Status in keyof E['replies']]: E['replies'][Status] extends Bytes
    ? Uint8Array
    : OutputOf<E['replies'][Status]>;
}[keyof E['replies']];

type Part<Name extends string, Declared, Value> = Declared extends z.ZodType
  ? { [N in Name]: Value }
  : object;
type OptionalPart<Name extends string, Declared, Value> = Declared extends z.ZodType
  ? { [N in Name]?: Partial<Value> }
  : object;

/** What an endpoint declares; nothing else can be given. */
export type RequestTo<E extends Endpoint> = Part<'params', E['params'], ParamsOf<E>> &
  OptionalPart<'query', E['query'], QueryOf<E>> &
  OptionalPart<'headers', E['headers'], HeadersOf<E>> &
  Part<'body', E['body'], RequestBodyOf<E>> & { signal?: AbortSignal };

const PARAMETER = /:(\w+)(?:\{[^}]*\})?/g;

/** Fills the path's parameters; one that may hold slashes keeps them. */
export function pathOf({ path }: Pick<Endpoint, 'path'>, params: Readonly<Record<string, string>>): string {
  return path.replace(PARAMETER, (match, name: string) => {
    const value = params[name] ?? '';
    return match.endsWith('}')
      ? value.split('/').map(encodeURIComponent).join('/')
      : encodeURIComponent(value);
  });
}

/** The path as OpenAPI writes it. */
export function pathTemplate({ path }: Pick<Endpoint, 'path'>): string {
  return path.replace(PARAMETER, '{$1}');
}

/** The codes that an endpoint may answer with: its own and those of its kind. */
export function errorCodesOf(declared: Endpoint): ErrorCode[] {
  const { access, method, params, query, headers, body, errors = [] } = declared;
  const codes: ErrorCode[] = [...errors, 'internal', 'unavailable', 'too_many_requests'];
  if (!declared.whileDraining) codes.push('draining');
  if (access === 'user') codes.push('unauthenticated', 'token_expired');
  if (params || query || headers || body) codes.push('invalid_input');
  if (method !== 'GET') codes.push('origin_not_allowed', 'unsupported_media_type');
  if (body) codes.push('payload_too_large');
  return [...new Set(codes)];
}
