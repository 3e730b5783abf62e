import { DomainError } from '../errors.ts';
import { WORKSPACE_ROOT } from '../workspace/workspace.ts';

/** True for the spellings by which clients mean the project's own directory. */
export function isDefaultWorkspace(path: string | null | undefined): boolean {
  return path === null || path === undefined || path === '' || path === '.' || path === WORKSPACE_ROOT;
}

/**
 * The directory on the sandbox host that a client asked for, below one of the operator's roots; null: the default.
 * Throws `unprocessable`.
 */
export function resolveWorkspaceRoot(
  path: string | null | undefined,
  roots: readonly string[],
): string | null {
  if (path === null || path === undefined || isDefaultWorkspace(path)) return null;
  const wanted = segments(path);
  const inside = roots.some((root) => {
    const allowed = segments(root);
    return allowed !== null && wanted !== null && allowed.every((name, index) => wanted[index] === name);
  });
  if (!wanted || !inside) {
    throw new DomainError('unprocessable', 'workspace_path: not below a directory that this server allows', {
      field: 'workspace_path',
    });
  }
  return `/${wanted.join('/')}`;
}

/** Null unless the path is absolute and plain. */
function segments(path: string): string[] | null {
  if (!path.startsWith('/') || path.includes('\0')) return null;
  const names = path.split('/').filter((name) => name !== '' && name !== '.');
  return names.includes('..') ? null : names;
}
