import type { z } from 'zod';
import { SandboxError } from './errors.ts';

/** Stops reading once the limit is passed. Throws `payload_too_large` and `invalid_input`. */
export async function readBody(
  request: Request,
  contentLength: string | undefined,
  limit: number,
): Promise<Buffer> {
  if (contentLength !== undefined && Number(contentLength) > limit) throw tooLarge(limit);
  if (request.body === null) return Buffer.alloc(0);
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw new SandboxError('invalid_input', 'The body was cut off');
    });
    if (done) return Buffer.concat(chunks, size);
    size += value.byteLength;
    if (size > limit) {
      reader.cancel().catch(() => {});
      throw tooLarge(limit);
    }
    chunks.push(value);
  }
}

export function parseJson<S extends z.ZodType>(bytes: Buffer, schema: S): z.infer<S> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new SandboxError('invalid_input', 'The body is not valid JSON');
  }
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const field = issue?.path.join('.') || 'body';
  throw new SandboxError('invalid_input', `${field}: ${issue?.message ?? 'not valid'}`);
}

function tooLarge(limit: number): SandboxError {
  return new SandboxError('payload_too_large', `The body is larger than ${limit} bytes`);
}
