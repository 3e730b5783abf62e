import { constants, type Dirent } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import { entryPath } from '../files/locate.ts';
import { readNames } from '../files/read-directory.ts';
import {
  CRUSHIGNORE,
  DEFAULT_IGNORE_FILE,
  GITIGNORE,
  type IgnoreRules,
  parseIgnoreFile,
} from './ignore-rules.ts';

/** Each level holds a descriptor. */
const MAX_DEPTH = 64;
/** Entries after which the event loop gets its turn. */
const BREATH = 512;
const MAX_IGNORE_FILE_BYTES = 256 * 1024;
const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;
const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export interface WalkEntry {
  /** Of the directory that holds it; open while the consumer looks at the entry. */
  directoryFd: number;
  name: string;
  /** From the workspace. */
  path: string;
  type: 'file' | 'directory';
  /** From 1 for entries directly below the start. */
  depth: number;
}

export interface WalkOptions {
  /** The workspace's own directory. */
  root: string;
  /** Where to begin, from the workspace; its own name is not held against the rules. */
  start: readonly string[];
  /** 0 is unlimited. */
  depth: number;
  skipHidden: boolean;
  ignore: readonly string[];
  signal: AbortSignal | undefined;
  /** Called when something was too deep or too large to be walked. */
  onTruncated?: () => void;
}

interface Scope {
  /** The directory of the rules, from the workspace, with a slash at the end; `''` for itself. */
  base: string;
  rules: IgnoreRules;
}

const defaults = parseIgnoreFile(DEFAULT_IGNORE_FILE);

/** Depth first and by name; links are neither followed nor shown. By descriptors, so it cannot leave. */
export async function* walk(options: WalkOptions): AsyncGenerator<WalkEntry> {
  const handles: FileHandle[] = [];
  try {
    let directory = await open(options.root, OPEN_DIRECTORY);
    handles.push(directory);
    const scopes: Scope[] = [];
    const extra = parseIgnoreFile(options.ignore.join('\n'));
    const crushignore = await readRules(directory.fd, CRUSHIGNORE);
    if (options.start.length > 0) await pushScope(scopes, directory.fd, '');
    for (const [index, name] of options.start.entries()) {
      directory = await open(entryPath(directory.fd, name), OPEN_DIRECTORY);
      handles.push(directory);
      const base = `${options.start.slice(0, index + 1).join('/')}/`;
      if (index < options.start.length - 1) await pushScope(scopes, directory.fd, base);
    }
    const last = [extra, crushignore, defaults].filter((rules) => rules !== null);
    yield* descend({ options, last }, directory, options.start.map((name) => `${name}/`).join(''), scopes, 1);
  } finally {
    for (const handle of handles) await handle.close();
  }
}

async function* descend(
  context: { options: WalkOptions; last: readonly IgnoreRules[] },
  directory: FileHandle,
  base: string,
  above: readonly Scope[],
  depth: number,
): AsyncGenerator<WalkEntry> {
  const { options, last } = context;
  const { entries, truncated } = await readNames(directory.fd, options.signal);
  if (truncated || depth > MAX_DEPTH) options.onTruncated?.();
  if (depth > MAX_DEPTH) return;
  const scopes = [...above];
  if (entries.some((entry) => entry.name === GITIGNORE)) await pushScope(scopes, directory.fd, base);
  for (const [index, entry] of entries.entries()) {
    // Looking at names is work without a pause of its own.
    if (index % BREATH === BREATH - 1) await setImmediate();
    const type = typeOf(entry);
    if (type === null || (options.skipHidden && entry.name.startsWith('.'))) continue;
    const path = base + entry.name;
    if (isIgnored(path, type === 'directory', scopes, last)) continue;
    options.signal?.throwIfAborted();
    yield { directoryFd: directory.fd, name: entry.name, path, type, depth };
    if (type === 'file' || (options.depth > 0 && depth >= options.depth)) continue;
    const child = await open(entryPath(directory.fd, entry.name), OPEN_DIRECTORY).catch(() => null);
    if (child === null) continue;
    try {
      yield* descend(context, child, `${path}/`, scopes, depth + 1);
    } finally {
      await child.close();
    }
  }
}

function typeOf(entry: Dirent): WalkEntry['type'] | null {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'directory' : null;
}

/** The nearest file that says anything decides; then what holds for the whole walk. */
function isIgnored(
  path: string,
  isDirectory: boolean,
  scopes: readonly Scope[],
  last: readonly IgnoreRules[],
): boolean {
  for (let index = scopes.length - 1; index >= 0; index -= 1) {
    const scope = scopes[index];
    const answer = scope?.rules(path.slice(scope.base.length), isDirectory) ?? null;
    if (answer !== null) return answer;
  }
  for (const rules of last) {
    const answer = rules(path, isDirectory);
    if (answer !== null) return answer;
  }
  return false;
}

async function pushScope(scopes: Scope[], directoryFd: number, base: string): Promise<void> {
  const rules = await readRules(directoryFd, GITIGNORE);
  if (rules !== null) scopes.push({ base, rules });
}

async function readRules(directoryFd: number, name: string): Promise<IgnoreRules | null> {
  const handle = await open(entryPath(directoryFd, name), OPEN_FILE).catch(() => null);
  if (handle === null) return null;
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > MAX_IGNORE_FILE_BYTES) return null;
    return parseIgnoreFile(await handle.readFile('utf8'));
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
