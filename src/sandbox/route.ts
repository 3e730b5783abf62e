import type { z } from 'zod';
import type { FileStat } from '#domain/workspace/index.ts';

export interface SandboxRequest {
  param(name: string): string;
  query(name: string): string | undefined;
  /** The body as what `schema` says. Throws `invalid_input`. */
  json<S extends z.ZodType>(schema: S): Promise<z.infer<S>>;
  bytes(): Promise<Buffer>;
  /** Aborts when the caller goes away. */
  signal(): AbortSignal;
}

export type Reply =
  | { kind: 'json'; body: object }
  /** A file's bytes; what it is travels in a header. */
  | { kind: 'bytes'; bytes: Uint8Array; stat: FileStat };

export interface Route {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  access: 'public' | 'token';
  /** Bytes of the body; no body is read where it is absent. */
  bodyLimit?: number;
  handle(request: SandboxRequest): Promise<Reply> | Reply;
}

export function json(body: object): Reply {
  return { kind: 'json', body };
}

export const SMALL_BODY_BYTES = 1024 * 1024;
