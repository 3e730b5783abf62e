import { isDeepStrictEqual } from 'node:util';
import { ErrorBody } from '#domain/protocol/errors.ts';
import { type Endpoint, errorCodesOf } from '#domain/protocol/http/endpoint.ts';
import type { Reply } from './route.ts';

/** Throws for a reply that the endpoint does not declare. `json` is what goes out. */
export function checkReply(endpoint: Endpoint, reply: Reply, json: string): void {
  const declared = endpoint.replies[reply.status];
  if (declared !== undefined && 'bytes' in declared) {
    if (reply.bytes === undefined) throw mismatch(endpoint, reply, 'it holds no bytes');
    return;
  }
  const body: unknown = JSON.parse(json);
  if (declared === undefined) checkErrorCode(endpoint, reply, body);
  const result = (declared ?? endpoint.errorBody ?? ErrorBody).safeParse(body);
  if (!result.success) {
    const [issue] = result.error.issues;
    throw mismatch(endpoint, reply, `${issue?.path.join('.')}: ${issue?.message}`);
  }
  // Schemas drop what they do not know.
  if (!isDeepStrictEqual(result.data, body))
    throw mismatch(endpoint, reply, 'it holds more than is declared');
}

function checkErrorCode(endpoint: Endpoint, reply: Reply, body: unknown): void {
  const { code } = body as { code?: unknown };
  if (!errorCodesOf(endpoint).some((known) => known === code)) {
    throw mismatch(endpoint, reply, `the code ${code} is not declared`);
  }
}

function mismatch({ method, path }: Endpoint, { status }: Reply, reason: string): Error {
  return new Error(`${method} ${path} answers ${status} otherwise than declared: ${reason}`);
}
