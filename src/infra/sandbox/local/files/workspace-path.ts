import { WORKSPACE_ROOT, WorkspaceError } from '#domain/workspace/index.ts';

const MAX_PATH_BYTES = 4096;
const MAX_NAME_BYTES = 255;

/** How often a path may be percent-encoded. */
const MAX_ENCODINGS = 8;
const DECODED: Readonly<Record<string, string>> = { '25': '%', '2e': '.', '2f': '/', '5c': '\\', '00': '\0' };

/**
 * The names from the workspace to what `path` means, without following links; `[]` is the workspace itself.
 * Throws `outside_workspace` or `refused`.
 */
export function parseWorkspacePath(path: string): string[] {
  if (Buffer.byteLength(path) > MAX_PATH_BYTES) throw new WorkspaceError('refused', 'The path is too long.');
  if (isTrick(path)) {
    throw new WorkspaceError('refused', 'The path holds characters that are not accepted.');
  }
  return resolveNames(namesBelowRoot(path));
}

/**
 * Here `\` and `%2f` are characters of a name like any other. But a path that would lead up, or end early, for whoever takes
 * them for more is no honest one.
 */
function isTrick(path: string): boolean {
  let text = path;
  for (let times = 0; /%(?:25|2e|2f|5c|00)/i.test(text); times += 1) {
    if (times >= MAX_ENCODINGS) return true;
    text = text.replace(/%(25|2e|2f|5c|00)/gi, (_, code: string) => DECODED[code.toLowerCase()] ?? '');
  }
  if (text.includes('\0')) return true;
  const isPlain = text === path && !path.includes('\\');
  return !isPlain && text.split(/[/\\]/).includes('..');
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
