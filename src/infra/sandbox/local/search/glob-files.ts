import { WorkspaceError } from '#domain/workspace/index.ts';
import type { WorkspaceLocation } from '../driver.ts';
import { locate } from '../files/locate.ts';
import { displayPath } from '../files/workspace-path.ts';
import { compilePathGlob, type Glob } from './glob.ts';
import { createLeftOutLookup, defaultRules } from './ignore-scopes.ts';
import { checkPattern, type SearchEngine } from './search-engine.ts';
import { createBreather, timed } from './search-time.ts';

const GLOB_TIMEOUT_MS = 30_000;
/** For the second look, at what was left out. */
const LEFT_OUT_TIMEOUT_MS = 5_000;
/** Matches that are sorted; more are cut. */
const MAX_MATCHES = 200_000;
/** Matches in what was left out that are judged one by one; more are only counted. */
const MAX_JUDGED = 2000;

interface GlobRequest {
  location: WorkspaceLocation;
  engine: SearchEngine;
  start: readonly string[];
  pattern: string;
  limit: number;
  signal: AbortSignal | undefined;
}

/** Files whose path from the start fits; those that are hidden or ignored only when the pattern names what hides them. */
export async function globFiles(
  request: GlobRequest,
): Promise<{ paths: string[]; truncated: boolean; leftOut: number }> {
  checkPattern(request.pattern);
  const glob = compilePathGlob(request.pattern, { alternatives: true, dot: false });
  const all = compilePathGlob(request.pattern, { alternatives: true, dot: true });
  const found = new Set<string>();
  const exact = exactFile(request);
  if (exact !== null) found.add(exact);
  await timed(GLOB_TIMEOUT_MS, request.signal, (signal) =>
    collect(request, { glob, everything: false, signal, add: (path) => found.add(path) }),
  );
  const leftOut = found.size === 0 || namesLeftOut(request.pattern) ? await addNamed(request, all, found) : 0;
  const paths = [...found].sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
  return {
    paths: paths.slice(0, request.limit).map((path) => displayPath([path])),
    truncated: paths.length > request.limit,
    leftOut,
  };
}

/** The file whose name is the pattern as it stands. */
function exactFile({ location, start, pattern }: GlobRequest): string | null {
  const names = pattern.split('/').filter((name) => name !== '' && name !== '.');
  if (names.length === 0 || names.includes('..')) return null;
  return statOf(location, [...start, ...names]) === 'file' ? [...start, ...names].join('/') : null;
}

/** Null for what is not there under exactly this name, links not followed. */
function statOf(location: WorkspaceLocation, names: readonly string[]): 'file' | 'directory' | null {
  try {
    const place = locate(location, names, { followLast: false });
    place.close();
    if (place.stat === null || place.names.join('/') !== names.join('/')) return null;
    return place.stat.isFile() ? 'file' : place.stat.isDirectory() ? 'directory' : null;
  } catch {
    return null;
  }
}

/** What the pattern names in full needs no search, and no rule keeps the search from beginning there. */
async function beginning(
  { location, engine, start }: Pick<GlobRequest, 'location' | 'engine' | 'start'>,
  prefix: readonly string[],
): Promise<readonly string[]> {
  const named = [...start, ...prefix];
  if (prefix.length === 0 || statOf(location, named) !== 'directory') return start;
  if (engine.readsParents) return named;
  const hiddenBy = await createLeftOutLookup(location)([...named, '_'].join('/'), start.length);
  return hiddenBy.length > 0 ? named : start;
}

async function collect(
  { location, engine, start }: GlobRequest,
  look: { glob: Glob; everything: boolean; signal: AbortSignal; add(path: string): void },
): Promise<void> {
  const { glob, everything, signal } = look;
  const from = await beginning({ location, engine, start }, glob.prefix);
  const depth = glob.depth === 0 ? 0 : glob.depth - (from.length - start.length);
  const prefix = start.length === 0 ? 0 : start.join('/').length + 1;
  const breathe = createBreather(signal);
  let left = MAX_MATCHES;
  for await (const paths of engine.files(
    { location, start: from, isFile: false, everything, signal },
    depth,
  )) {
    for (const path of paths) {
      if (glob.matches(path.slice(prefix))) {
        look.add(path);
        left -= 1;
      }
      const pause = breathe();
      if (pause !== null) await pause;
      if (left <= 0) return;
    }
  }
}

/** Whether the pattern speaks of something that searches leave out as a rule. */
function namesLeftOut(pattern: string): boolean {
  return pattern
    .split(/[/{},]/)
    .some(
      (name) => /^\.[^./*?[]/.test(name) || (/^[^*?[]+$/.test(name) && defaultRules(name, true) === true),
    );
}

/** Adds the matches that are left out but named; returns how many others there are. */
async function addNamed(request: GlobRequest, glob: Glob, found: Set<string>): Promise<number> {
  const hidden: string[] = [];
  try {
    await timed(LEFT_OUT_TIMEOUT_MS, request.signal, (signal) =>
      collect(request, {
        glob,
        everything: true,
        signal,
        add: (path) => {
          if (!found.has(path)) hidden.push(path);
        },
      }),
    );
  } catch (error) {
    if (!(error instanceof WorkspaceError) || error.code !== 'timeout') throw error;
  }
  const reasons = createLeftOutLookup(request.location);
  let leftOut = 0;
  for (const [index, path] of hidden.entries()) {
    const parts = index < MAX_JUDGED ? await reasons(path, request.start.length) : null;
    if (parts?.every((part) => glob.names(part))) found.add(path);
    else leftOut += 1;
  }
  return leftOut;
}
