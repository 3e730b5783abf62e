import { posix } from 'node:path';
import { WORKSPACE_ROOT, WorkspaceError } from '#domain/workspace/index.ts';
import type { ToolScope } from '../ports.ts';

/** The absolute workspace path of what the model wrote; relative paths start at the workspace's root. */
export function workspacePath(path: string): string {
  if (path.includes('\0')) throw new WorkspaceError('outside_workspace', 'The path contains a NUL character');
  const absolute = posix.resolve(WORKSPACE_ROOT, path === '' ? '.' : path);
  if (absolute !== WORKSPACE_ROOT && !absolute.startsWith(`${WORKSPACE_ROOT}/`)) {
    throw new WorkspaceError(
      'outside_workspace',
      `Path is outside the workspace (${WORKSPACE_ROOT}): ${path}`,
    );
  }
  return absolute;
}

/** Where a change of a file would happen, whatever links lead there: what is asked for, remembered and written. */
export function targetPath(
  { workspace, signal }: Pick<ToolScope, 'workspace' | 'signal'>,
  path: string,
): Promise<string> {
  return workspace.resolve(workspacePath(path), signal);
}

export function directoryOf(path: string): string {
  return path === WORKSPACE_ROOT ? path : posix.dirname(path);
}

const PROTECTED_NAMES = new Set([
  '.git',
  '.vscode',
  '.idea',
  '.crush',
  '.claude',
  '.cursor',
  '.agents',
  '.mcp.json',
  '.crush.json',
  'crush.json',
  '.gitmodules',
  '.envrc',
]);

/** Files that make other programs, or this agent, run or trust something. */
export function isProtectedPath(path: string): boolean {
  return path.split('/').some((segment) => PROTECTED_NAMES.has(segment.toLowerCase()));
}
