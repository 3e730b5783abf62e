import type { z } from 'zod';
import type { Reply } from '#http/kit/route.ts';

export interface SandboxRequest {
  param(name: string): string;
  query(name: string): string | undefined;
  /** The body as what `schema` says. Throws `invalid_input`. */
  json<S extends z.ZodType>(schema: S): Promise<z.output<S>>;
  bytes(): Promise<Uint8Array>;
  /** Aborts when the caller goes away. */
  signal(): AbortSignal;
}

export interface SandboxRoute {
  method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  path: string;
  access: 'public' | 'token';
  /** Bytes of the body; no body is read where it is absent. */
  bodyLimit?: number;
  handle(request: SandboxRequest): Promise<Reply> | Reply;
}

export const SMALL_BODY_BYTES = 1024 * 1024;
