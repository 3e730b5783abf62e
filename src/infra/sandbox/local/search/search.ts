import picomatch from 'picomatch';
import { type TreeEntry, type Workspace, WorkspaceError } from '#domain/workspace/index.ts';
import type { WorkspaceLocation } from '../driver.ts';
import { toWorkspaceError } from '../files/file-errors.ts';
import { locateDirectory } from '../files/locate-directory.ts';
import { displayPath } from '../files/workspace-path.ts';
import { boundsOf, type GlobBounds, normalizeGlob } from './glob-bounds.ts';
import { walk } from './walk.ts';

const GLOB_TIMEOUT_MS = 30_000;
const GREP_TIMEOUT_MS = 5_000;
const MAX_PATTERN_LENGTH = 4096;
/** Glob matches that are sorted; more are cut. */
const MAX_GLOB_MATCHES = 200_000;
/** Grep matches that are sorted by the age of their file; more are cut. */
const MAX_GREP_MATCHES = 5000;

export type Search = Pick<Workspace, 'tree' | 'glob' | 'grep'>;

export interface RawMatch {
  /** From the workspace. */
  path: string;
  mtimeMs: number;
  line: number;
  column: number;
  text: string;
}

export interface SearchScope {
  location: WorkspaceLocation;
  start: readonly string[];
  signal: AbortSignal;
}

/** Two of these give the same answers: one runs ripgrep, one walks by itself. */
export interface SearchEngine {
  /** Every file within the bounds that is neither hidden nor ignored, from the workspace, some at a time. */
  files(scope: SearchScope, bounds: GlobBounds): AsyncIterable<readonly string[]>;
  matches(
    scope: SearchScope,
    query: { pattern: string; literal: boolean; include: string | null },
  ): AsyncIterable<RawMatch>;
}

export function createSearch(location: WorkspaceLocation, engine: SearchEngine): Search {
  return {
    async tree(path, options, signal) {
      const start = locateDirectory(location, path);
      const entries: TreeEntry[] = [];
      let truncated = false;
      const walked = walk({
        root: location.directory,
        start,
        depth: options.depth,
        skipHidden: false,
        ignore: options.ignore ?? [],
        signal,
        onTruncated: () => {
          truncated = true;
        },
      });
      for await (const entry of guarded(walked, displayPath(start), signal)) {
        if (entries.length >= options.limit) return { entries, truncated: true };
        entries.push({ path: displayPath([entry.path]), type: entry.type, depth: entry.depth });
      }
      return { entries, truncated };
    },

    async glob(pattern, options, signal) {
      const start = locateDirectory(location, options.path ?? '');
      const matches = compileGlob(pattern);
      const prefix = start.length === 0 ? 0 : start.join('/').length + 1;
      const found: string[] = [];
      await timed(GLOB_TIMEOUT_MS, signal, async (bound) => {
        const files = engine.files({ location, start, signal: bound }, boundsOf(pattern));
        for await (const paths of guarded(files, displayPath(start), bound)) {
          for (const path of paths) if (matches(path.slice(prefix))) found.push(path);
          if (found.length >= MAX_GLOB_MATCHES) return;
        }
      });
      found.sort((a, b) => a.length - b.length || (a < b ? -1 : 1));
      const paths = found.slice(0, options.limit).map((path) => displayPath([path]));
      return { paths, truncated: found.length > options.limit };
    },

    async grep(pattern, options, signal) {
      if (pattern === '' || pattern.length > MAX_PATTERN_LENGTH) throw invalidPattern('is empty or too long');
      const start = locateDirectory(location, options.path ?? '');
      const query = { pattern, literal: options.literal ?? false, include: options.include || null };
      const found: RawMatch[] = [];
      await timed(GREP_TIMEOUT_MS, signal, async (bound) => {
        const matches = engine.matches({ location, start, signal: bound }, query);
        for await (const match of guarded(matches, displayPath(start), bound)) {
          found.push(match);
          if (found.length >= MAX_GREP_MATCHES) return;
        }
      });
      found.sort(
        (a, b) => b.mtimeMs - a.mtimeMs || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line),
      );
      const matches = found.slice(0, options.limit).map(({ path, line, column, text }) => ({
        path: displayPath([path]),
        line,
        column,
        text,
      }));
      return { matches, truncated: found.length > options.limit };
    },
  };
}

/** `s`: a name may hold a line break. */
const GLOB_OPTIONS = { dot: false, strictSlashes: true, flags: 's' };

/** A matcher for paths from the start of the search; `*.ts` means files directly there, `**` goes deeper. */
export function compileGlob(pattern: string): (path: string) => boolean {
  if (pattern === '' || pattern.length > MAX_PATTERN_LENGTH || pattern.includes('\0')) {
    throw invalidPattern('is empty or too long');
  }
  try {
    const matches = picomatch(normalizeGlob(pattern), GLOB_OPTIONS);
    return (path) => matches(path);
  } catch (error) {
    throw new WorkspaceError('invalid_pattern', 'The pattern is not valid.', { cause: error });
  }
}

export function invalidPattern(what: string): WorkspaceError {
  return new WorkspaceError('invalid_pattern', `The pattern ${what}.`);
}

/** Runs `body` under a time-out of its own; that time-out is an error of the workspace, the caller's signal its own. */
async function timed(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  body: (bound: AbortSignal) => Promise<void>,
): Promise<void> {
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const bound = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    await body(bound);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (timeout.aborted)
      throw new WorkspaceError('timeout', `The search took more than ${timeoutMs / 1000} s.`);
    throw error;
  }
}

async function* guarded<T>(
  items: AsyncIterable<T>,
  shown: string,
  signal: AbortSignal | undefined,
): AsyncGenerator<T> {
  try {
    yield* items;
  } catch (error) {
    throw signal?.aborted ? error : toWorkspaceError(error, shown);
  }
}
