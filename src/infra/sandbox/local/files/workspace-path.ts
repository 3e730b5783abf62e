import { WORKSPACE_ROOT, WorkspaceError } from '#domain/workspace/index.ts';

const MAX_PATH_BYTES = 4096;
const MAX_NAME_BYTES = 255;

/** `.`, `/`, `\` and NUL in any depth of percent-encoding: no honest name, and a trap for whoever decodes it. */
const ENCODED_TRICK = /%(?:25)*(?:2e|2f|5c|00)/i;

/**
 * The names from the workspace to what `path` means, without following links; `[]` is the workspace itself.
 * Throws `outside_workspace` or `refused`.
 */
export function parseWorkspacePath(path: string): string[] {
  if (path.includes('\0') || path.includes('\\') || ENCODED_TRICK.test(path)) {
    throw new WorkspaceError('refused', 'The path holds characters that are not accepted.');
  }
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new WorkspaceError('refused', 'The path is too long.');
  return resolveNames(namesBelowRoot(path));
}

/** The names in `path` as they stand; an absolute one has to begin with `/workspace`. */
export function namesBelowRoot(path: string): string[] {
  if (!path.startsWith('/')) return split(path);
  const [root, ...names] = split(path);
  if (`/${root ?? ''}` !== WORKSPACE_ROOT) throw outside();
  return names;
}

export function displayPath(names: readonly string[]): string {
  return [WORKSPACE_ROOT, ...names].join('/');
}

export function outside(): WorkspaceError {
  return new WorkspaceError('outside_workspace', 'The path leads outside the workspace.');
}

function split(path: string): string[] {
  return path.split('/').filter((name) => name !== '' && name !== '.');
}

function resolveNames(names: readonly string[]): string[] {
  const resolved: string[] = [];
  for (const name of names) {
    if (name === '..') {
      if (resolved.pop() === undefined) throw outside();
    } else {
      if (Buffer.byteLength(name) > MAX_NAME_BYTES)
        throw new WorkspaceError('refused', 'A name is too long.');
      resolved.push(name);
    }
  }
  return resolved;
}
