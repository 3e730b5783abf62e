import { type GrepMatch, type Workspace, WorkspaceError } from '#domain/workspace/index.ts';
import type { WorkspaceLocation } from '../driver.ts';
import { displayPath } from '../files/workspace-path.ts';
import { compilePathGlob } from './glob.ts';
import { createLeftOutLookup } from './ignore-scopes.ts';
import { checkPattern, type RawMatch, type SearchEngine, type SearchStart } from './search-engine.ts';
import { createBreather, timed } from './search-time.ts';

const GREP_TIMEOUT_MS = 5_000;
/** For the second look, at what was left out. */
const LEFT_OUT_TIMEOUT_MS = 3_000;
/** Matches that are sorted by the age of their file; more are cut. */
const MAX_MATCHES = 5000;

interface GrepRequest {
  location: WorkspaceLocation;
  engine: SearchEngine;
  start: SearchStart;
  pattern: string;
  options: Parameters<Workspace['grep']>[1];
  signal: AbortSignal | undefined;
}

/**
 * The first match of each line, newest file first. A file that is named as the start is searched whatever it is; of
 * hidden and ignored ones those that `include` names, when there is nothing else.
 */
export async function grepFiles(
  request: GrepRequest,
): Promise<{ matches: GrepMatch[]; truncated: boolean; leftOut: number }> {
  const { options, start } = request;
  checkPattern(request.pattern);
  if (options.include) checkPattern(options.include);
  const found = await timed(GREP_TIMEOUT_MS, request.signal, (signal) => collect(request, false, signal));
  const second =
    found.length === 0 && start.isDirectory ? await lookAtLeftOut(request) : { named: [], leftOut: 0 };
  found.push(...second.named);
  found.sort(
    (a, b) => b.mtimeMs - a.mtimeMs || (a.path < b.path ? -1 : a.path > b.path ? 1 : a.line - b.line),
  );
  const matches = found.slice(0, options.limit).map(({ path, line, column, text }) => ({
    path: displayPath([path]),
    line,
    column,
    text,
  }));
  return { matches, truncated: found.length > options.limit, leftOut: second.leftOut };
}

async function collect(request: GrepRequest, everything: boolean, signal: AbortSignal): Promise<RawMatch[]> {
  const { location, engine, start, pattern, options } = request;
  const include = start.isDirectory ? options.include || null : null;
  const included = compileInclude(include, start.names, everything);
  const scope = { location, start: start.names, isFile: !start.isDirectory, everything, signal };
  const breathe = createBreather(signal);
  const found: RawMatch[] = [];
  for await (const match of engine.matches(scope, { pattern, literal: options.literal ?? false, include })) {
    if (included(match.path)) found.push(match);
    if (found.length >= MAX_MATCHES) break;
    const pause = breathe();
    if (pause !== null) await pause;
  }
  return found;
}

/** What fits in hidden and ignored files: those that `include` names, and how many matches are in the others. */
async function lookAtLeftOut(request: GrepRequest): Promise<{ named: RawMatch[]; leftOut: number }> {
  let all: RawMatch[] = [];
  try {
    all = await timed(LEFT_OUT_TIMEOUT_MS, request.signal, (signal) => collect(request, true, signal));
  } catch (error) {
    if (!(error instanceof WorkspaceError) || error.code !== 'timeout') throw error;
  }
  const include = request.options.include || null;
  const glob = include === null ? null : compilePathGlob(include, { alternatives: true, dot: true });
  const reasons = createLeftOutLookup(request.location);
  const named: RawMatch[] = [];
  for (const match of all) {
    const parts = glob === null ? null : await reasons(match.path, request.start.names.length);
    if (parts?.every((part) => glob?.names(part))) named.push(match);
  }
  return { named, leftOut: all.length - named.length };
}

/** An include without a slash is compared with the name, one with a slash with the path from the start. */
function compileInclude(
  include: string | null,
  start: readonly string[],
  dot: boolean,
): (path: string) => boolean {
  if (include === null) return () => true;
  const { matches } = compilePathGlob(include, { alternatives: true, dot });
  if (!include.includes('/')) return (path) => matches(path.slice(path.lastIndexOf('/') + 1));
  const prefix = start.length === 0 ? 0 : start.join('/').length + 1;
  return (path) => matches(path.slice(prefix));
}
