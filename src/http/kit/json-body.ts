import { DomainError } from '#domain/errors.ts';
import { JsonTooComplex, parseForeignJson } from '#shared/bounded-json.ts';
import { HttpError } from './errors.ts';

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\s*(?:;|$)/i;

/** Forms and plain text are what a foreign page can send without asking first: 415. */
export function requireJsonType(contentType: string | undefined): void {
  if (contentType !== undefined && JSON_TYPE.test(contentType)) return;
  throw new HttpError(415, 'unsupported_media_type', 'The body must be sent as application/json');
}

/** JSON that can be stored. Throws `invalid_input` and 413. */
export async function readJsonBody(
  request: Request,
  contentLength: string | undefined,
  limit: number,
): Promise<unknown> {
  const text = decode(await readBytes(request, contentLength, limit));
  const value = parseJson(text);
  // Only escapes can bring in what no column can hold.
  return text.includes('\\u') ? toStorable(value) : value;
}

/** Whatever can be written as JSON. Throws `invalid_input`. */
export function jsonOf(bytes: Uint8Array): unknown {
  return parseJson(decode(bytes));
}

/** Stops reading once the limit is passed: 413. */
export async function readBytes(
  request: Request,
  contentLength: string | undefined,
  limit: number,
): Promise<Uint8Array> {
  if (contentLength !== undefined && Number(contentLength) > limit) throw tooLarge(limit);
  if (!request.body) return new Uint8Array();
  const reader = request.body.getReader();
  const chunks: Uint8Array[] = [];
  let size = 0;
  for (;;) {
    const { done, value } = await reader.read().catch(() => {
      throw malformed('The body was cut off');
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

function parseJson(text: string): unknown {
  try {
    return parseForeignJson(text);
  } catch (error) {
    throw malformed(error instanceof JsonTooComplex ? error.message : 'The body is not valid JSON');
  }
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes);
  } catch {
    throw malformed('The body is not valid UTF-8');
  }
}

/** Halves of surrogate pairs become U+FFFD, NUL is refused; in values and in keys. Iterative: the nesting is the sender's. */
function toStorable(value: unknown): unknown {
  const root: unknown[] = [value];
  const rest: object[] = [root];
  for (let holder = rest.pop(); holder !== undefined; holder = rest.pop()) {
    for (const [key, inner] of Object.entries(holder)) {
      const name = storableText(key);
      const storable = typeof inner === 'string' ? storableText(inner) : inner;
      if (typeof inner === 'object' && inner !== null) rest.push(inner);
      if (name === key && storable === inner) continue;
      if (name !== key) Reflect.deleteProperty(holder, key);
      Object.defineProperty(holder, name, {
        value: storable,
        configurable: true,
        enumerable: true,
        writable: true,
      });
    }
  }
  return root[0];
}

function storableText(text: string): string {
  if (text.includes('\0')) throw malformed('The body contains characters that cannot be stored');
  return text.toWellFormed();
}

function malformed(message: string): DomainError {
  return new DomainError('invalid_input', message);
}

function tooLarge(limit: number): HttpError {
  return new HttpError(413, 'payload_too_large', `The body is larger than ${limit} bytes`, {
    connection: 'close',
  });
}
