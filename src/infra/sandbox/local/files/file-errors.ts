import { WorkspaceError, type WorkspaceErrorCode } from '#domain/workspace/index.ts';

const CODES: Record<string, readonly [WorkspaceErrorCode, string]> = {
  ENOENT: ['not_found', 'does not exist'],
  ENOTDIR: ['not_a_directory', 'is not a directory'],
  EISDIR: ['not_a_file', 'is a directory'],
  EEXIST: ['already_exists', 'exists already'],
  ELOOP: ['refused', 'is a symbolic link that is not followed'],
  EACCES: ['refused', 'may not be accessed'],
  EPERM: ['refused', 'may not be accessed'],
  ENAMETOOLONG: ['refused', 'has a name that is too long'],
  ENXIO: ['refused', 'is not a regular file'],
  ENOSPC: ['no_space', 'could not be written: no space is left'],
  EDQUOT: ['no_space', 'could not be written: no space is left'],
  EFBIG: ['too_large', 'is too large'],
};

/** A system error as an error of the workspace that names `path` and nothing of the host. */
export function toWorkspaceError(error: unknown, path: string): Error {
  if (error instanceof WorkspaceError) return error;
  const [code, what] = CODES[errorCode(error)] ?? (['unavailable', 'could not be accessed'] as const);
  return new WorkspaceError(code, `${path} ${what}.`, { cause: error });
}

export function errorCode(error: unknown): string {
  return error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
}
