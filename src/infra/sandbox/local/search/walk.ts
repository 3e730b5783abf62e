import { closeSync, constants, type Dirent } from 'node:fs';
import { type FileHandle, open, readlink } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { entryPath } from '../files/locate.ts';
import { readNames } from '../files/read-directory.ts';
import { openWorkspaceDirectory, type WorkspaceDirectory } from '../files/workspace-directory.ts';
import { CRUSHIGNORE, GITIGNORE, type IgnoreRules, parseIgnoreFile } from './ignore-rules.ts';
import { defaultRules, type IgnoreScope, isIgnored, readRules } from './ignore-scopes.ts';
import { MAX_IGNORE_FILES } from './limits.ts';

/** Each level holds a descriptor. */
const MAX_DEPTH = 64;
/** Entries after which the event loop gets its turn. */
const BREATH = 512;
const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

export interface WalkEntry {
  /** From the workspace. */
  path: string;
  type: 'file' | 'directory' | 'symlink';
  /** From 1 for entries directly below the start. */
  depth: number;
  /** What a symbolic link holds. */
  target?: string;
}

export interface WalkOptions {
  /** The workspace's own directory. */
  root: WorkspaceDirectory;
  /** Where to begin, from the workspace; its own name is not held against the rules. */
  start: readonly string[];
  /** 0 is unlimited. */
  depth: number;
  ignore: readonly string[];
  signal: AbortSignal | undefined;
  /** Called when something was too deep or too large to be walked. */
  onTruncated(): void;
  /** Called for what ignore rules leave out, but not for what the caller wants to be ignored. */
  onLeftOut(path: string, isDirectory: boolean): void;
}

interface Context {
  options: WalkOptions;
  extra: IgnoreRules;
  last: readonly IgnoreRules[];
}

/** Depth first and by name; links are shown and not followed. By descriptors, so it cannot leave. */
export async function* walk(options: WalkOptions): AsyncGenerator<WalkEntry> {
  const handles: FileHandle[] = [];
  try {
    let directory = await openRoot(options.root);
    handles.push(directory);
    const scopes: IgnoreScope[] = [];
    const crushignore = await readRules(directory.fd, CRUSHIGNORE);
    if (options.start.length > 0) await pushScope(scopes, directory.fd, '');
    for (const [index, name] of options.start.entries()) {
      directory = await open(entryPath(directory.fd, name), OPEN_DIRECTORY);
      handles.push(directory);
      const base = `${options.start.slice(0, index + 1).join('/')}/`;
      if (index < options.start.length - 1) await pushScope(scopes, directory.fd, base);
    }
    const context: Context = {
      options,
      extra: parseIgnoreFile(options.ignore.join('\n')),
      last: crushignore === null ? [defaultRules] : [crushignore, defaultRules],
    };
    yield* descend(context, directory, options.start.map((name) => `${name}/`).join(''), scopes, 1);
  } finally {
    for (const handle of handles) await handle.close();
  }
}

async function openRoot(root: WorkspaceDirectory): Promise<FileHandle> {
  const fd = openWorkspaceDirectory(root);
  try {
    return await open(`/proc/self/fd/${fd}`, constants.O_RDONLY | constants.O_DIRECTORY);
  } finally {
    closeSync(fd);
  }
}

async function* descend(
  context: Context,
  directory: FileHandle,
  base: string,
  above: readonly IgnoreScope[],
  depth: number,
): AsyncGenerator<WalkEntry> {
  const { options } = context;
  const { entries, truncated } = await readNames(directory.fd, options.signal);
  if (truncated || depth > MAX_DEPTH) options.onTruncated();
  if (depth > MAX_DEPTH) return;
  const scopes = [...above];
  if (entries.some((entry) => entry.name === GITIGNORE)) await pushScope(scopes, directory.fd, base);
  for (const [index, entry] of entries.entries()) {
    // Looking at names is work without a pause of its own.
    if (index % BREATH === BREATH - 1) await setImmediate();
    const type = typeOf(entry);
    const path = base + entry.name;
    if (type === null || isLeftOut(context, path, type === 'directory', scopes)) continue;
    options.signal?.throwIfAborted();
    const found: WalkEntry = { path, type, depth };
    if (type === 'symlink') {
      found.target = await readlink(entryPath(directory.fd, entry.name)).catch(() => '');
    }
    yield found;
    if (type !== 'directory' || (options.depth > 0 && depth >= options.depth)) continue;
    const child = await open(entryPath(directory.fd, entry.name), OPEN_DIRECTORY).catch(() => null);
    if (child === null) continue;
    try {
      yield* descend(context, child, `${path}/`, scopes, depth + 1);
    } finally {
      await child.close();
    }
  }
}

function isLeftOut(
  { options, extra, last }: Context,
  path: string,
  isDirectory: boolean,
  scopes: readonly IgnoreScope[],
): boolean {
  const asked = extra(path, isDirectory);
  if (asked !== null) return asked;
  const ignored = isIgnored(path, isDirectory, scopes, last);
  if (ignored) options.onLeftOut(path, isDirectory);
  return ignored;
}

function typeOf(entry: Dirent): WalkEntry['type'] | null {
  if (entry.isFile()) return 'file';
  if (entry.isSymbolicLink()) return 'symlink';
  return entry.isDirectory() ? 'directory' : null;
}

async function pushScope(scopes: IgnoreScope[], directoryFd: number, base: string): Promise<void> {
  if (scopes.length >= MAX_IGNORE_FILES) return;
  const rules = await readRules(directoryFd, GITIGNORE);
  if (rules !== null) scopes.push({ base, rules });
}
