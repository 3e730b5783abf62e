import { isDomainError } from '#domain/errors.ts';
import type { ErrorCode } from '#domain/protocol/errors.ts';
import { WorkspaceError, type WorkspaceErrorCode } from '#domain/workspace/index.ts';
import type { Reply } from './route.ts';

/** A failure of the transport itself: the request never reached a verb. */
export class HttpError extends Error {
  readonly status: number;
  readonly code: string;
  readonly headers: Record<string, string>;
  constructor(status: number, code: string, message: string, headers: Record<string, string> = {}) {
    super(message);
    this.name = 'HttpError';
    this.status = status;
    this.code = code;
    this.headers = headers;
  }
}

/** The only place where codes become statuses, for all services. */
export const STATUS_OF_CODE: Readonly<Record<ErrorCode | WorkspaceErrorCode, number>> = {
  invalid_input: 400,
  unauthenticated: 401,
  invalid_credentials: 401,
  token_expired: 401,
  forbidden: 403,
  registration_closed: 403,
  account_disabled: 403,
  not_found: 404,
  conflict: 409,
  username_taken: 409,
  email_taken: 409,
  permission_settled: 409,
  limit_reached: 409,
  unprocessable: 422,
  not_a_repository: 422,
  too_large: 413,
  idempotency_mismatch: 422,
  model_not_configured: 422,
  too_many_requests: 429,
  queue_full: 429,
  overloaded: 503,
  draining: 503,
  unavailable: 503,
  lease_lost: 503,
  stale_fence: 503,
  not_a_file: 400,
  not_a_directory: 400,
  already_exists: 409,
  outside_workspace: 400,
  refused: 403,
  not_text: 422,
  invalid_pattern: 400,
  timeout: 504,
  no_space: 507,
  internal: 500,
  method_not_allowed: 405,
  origin_not_allowed: 403,
  unsupported_media_type: 415,
  payload_too_large: 413,
  client_closed_request: 499,
};

const RETRY_AFTER_SECONDS: Readonly<Record<number, number>> = { 429: 1, 503: 5 };

/** Null for what nobody expected: log it and answer with `internalErrorReply`. */
export function toErrorReply(error: unknown, requestId: string): Reply | null {
  if (error instanceof HttpError) {
    return reply(error.status, error.code, error.message, requestId, error.headers);
  }
  if (!isDomainError(error) && !(error instanceof WorkspaceError)) return null;
  const status = STATUS_OF_CODE[error.code];
  const headers: Record<string, string> = {};
  if (status === 401) headers['www-authenticate'] = 'Bearer';
  const asked = isDomainError(error) ? error.retryAfterSeconds : undefined;
  const retryAfter = asked ?? RETRY_AFTER_SECONDS[status];
  if (retryAfter !== undefined) headers['retry-after'] = String(retryAfter);
  return reply(status, error.code, error.message, requestId, headers);
}

export function internalErrorReply(requestId: string): Reply {
  return reply(500, 'internal', 'Something went wrong on the server', requestId, {});
}

function reply(
  status: number,
  code: string,
  error: string,
  requestId: string,
  headers: Record<string, string>,
): Reply {
  return { status, body: { error, code, request_id: requestId }, headers };
}
