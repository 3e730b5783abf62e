import type { Workspace } from './workspace.ts';

export const SOURCE_CONTROL_ERROR_CODES = [
  /** The URL, or where it leads, is not allowed. */
  'refused',
  /** The server does not answer, or not as a git server. */
  'unreachable',
  /** The repository or the ref is not there. */
  'not_found',
  'too_large',
  'timeout',
  /** Enough of these run already. */
  'busy',
  'not_a_repository',
  'failed',
] as const;
export type SourceControlErrorCode = (typeof SOURCE_CONTROL_ERROR_CODES)[number];

/** An expected failure; the message is a sentence for users without paths and addresses of the server. */
export class SourceControlError extends Error {
  readonly code: SourceControlErrorCode;
  constructor(code: SourceControlErrorCode, message: string, options?: { cause?: unknown }) {
    super(message, options);
    this.name = 'SourceControlError';
    this.code = code;
  }
}

export interface CloneRequest {
  /** http or https, without credentials, query and fragment. */
  url: URL;
  /** A branch, a tag, a full ref or a full object name; null for the default branch. */
  ref: string | null;
  /** Clones at once are counted for each. */
  ownerId: string;
}

export interface DiffRequest {
  path: string;
  /** Diffs at once are counted for each. */
  ownerId: string;
}

export interface WorkingTreeDiff {
  /** Unified, from the last commit to the files as they are, new ones included. */
  diff: string;
  /** The diff was cut. */
  truncated: boolean;
}

/** Git in workspaces. What a repository holds or configures is never run on the server's behalf. */
export interface SourceControl {
  /** Fills an empty workspace, without history; after a failure its content is undefined. Throws `SourceControlError` and `WorkspaceError`. */
  clone(workspace: Workspace, request: CloneRequest, signal: AbortSignal): Promise<void>;
  /** Of the repository that holds `path`, at or below it. Throws `SourceControlError` and `WorkspaceError`. */
  diff(workspace: Workspace, request: DiffRequest, signal: AbortSignal): Promise<WorkingTreeDiff>;
  close(): Promise<void>;
}
