import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { setImmediate } from 'node:timers/promises';
import picomatch from 'picomatch';
import { entryPath } from '../files/locate.ts';
import { compileLineMatcher } from './line-matcher.ts';
import { compileGlob, type RawMatch, type SearchEngine, type SearchScope } from './search.ts';
import { type WalkEntry, walk } from './walk.ts';

/** Larger files are not searched. */
export const MAX_SEARCHED_BYTES = 10 * 1024 * 1024;
const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

/** Searches without ripgrep. */
export const walkEngine: SearchEngine = {
  async *files(scope, { depth }) {
    for await (const entry of walkFiles(scope, depth)) yield [entry.path];
  },
  async *matches(scope, query) {
    const matchLines = compileLineMatcher(query);
    const included = compileInclude(query.include, scope.start);
    for await (const entry of walkFiles(scope, 0)) {
      if (!included(entry.path)) continue;
      const file = await readText(entry);
      if (file === null) continue;
      for (const matches of matchLines(file.text)) {
        for (const match of matches) {
          yield { path: entry.path, mtimeMs: file.mtimeMs, ...match } satisfies RawMatch;
        }
        await setImmediate();
        scope.signal.throwIfAborted();
      }
    }
  },
};

/** An include without a slash is compared with the name, one with a slash with the path from the start. */
export function compileInclude(include: string | null, start: readonly string[]): (path: string) => boolean {
  if (include === null) return () => true;
  if (include.includes('/')) {
    const matches = compileGlob(include);
    const prefix = start.length === 0 ? 0 : start.join('/').length + 1;
    return (path) => matches(path.slice(prefix));
  }
  const matches = picomatch(include, { dot: false, flags: 's' });
  return (path) => matches(path.slice(path.lastIndexOf('/') + 1));
}

async function* walkFiles(scope: SearchScope, depth: number): AsyncGenerator<WalkEntry> {
  const entries = walk({
    root: scope.location.directory,
    start: scope.start,
    depth,
    skipHidden: true,
    ignore: [],
    signal: scope.signal,
  });
  for await (const entry of entries) if (entry.type === 'file') yield entry;
}

/** Null for what is not a text of a bearable size. */
async function readText(entry: WalkEntry): Promise<{ text: string; mtimeMs: number } | null> {
  const handle = await open(entryPath(entry.directoryFd, entry.name), OPEN_FILE).catch(() => null);
  if (handle === null) return null;
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > MAX_SEARCHED_BYTES) return null;
    const bytes = await handle.readFile();
    return bytes.includes(0) ? null : { text: bytes.toString('utf8'), mtimeMs: stat.mtimeMs };
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}
