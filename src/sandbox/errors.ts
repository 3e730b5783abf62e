import type { ContentfulStatusCode } from 'hono/utils/http-status';
import { WorkspaceError, type WorkspaceErrorCode } from '#domain/workspace/index.ts';

export const WORKSPACE_STATUS: Readonly<Record<WorkspaceErrorCode, ContentfulStatusCode>> = {
  not_found: 404,
  not_a_file: 400,
  not_a_directory: 400,
  already_exists: 409,
  outside_workspace: 400,
  refused: 403,
  too_large: 413,
  not_text: 422,
  invalid_pattern: 400,
  timeout: 504,
  no_space: 507,
  unavailable: 503,
};

const OWN_STATUS = {
  invalid_input: 400,
  unauthenticated: 401,
  path_not_found: 404,
  method_not_allowed: 405,
  ambiguous_match: 409,
  no_match: 422,
  payload_too_large: 413,
  not_supported: 501,
  internal: 500,
} as const satisfies Record<string, ContentfulStatusCode>;
type OwnErrorCode = keyof typeof OWN_STATUS;

/** A refusal that is not the workspace's own. */
export class SandboxError extends Error {
  readonly code: OwnErrorCode;
  constructor(code: OwnErrorCode, message: string) {
    super(message);
    this.name = 'SandboxError';
    this.code = code;
  }
}

export interface ErrorReply {
  status: ContentfulStatusCode;
  code: string;
  message: string;
}

/** What a caller is told of a failure; null for one that nobody expected. */
export function toErrorReply(error: unknown): ErrorReply | null {
  if (error instanceof WorkspaceError) {
    return { status: WORKSPACE_STATUS[error.code], code: error.code, message: error.message };
  }
  if (error instanceof SandboxError) {
    return { status: OWN_STATUS[error.code], code: error.code, message: error.message };
  }
  return null;
}
