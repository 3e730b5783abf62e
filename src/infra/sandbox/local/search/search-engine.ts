import { WorkspaceError } from '#domain/workspace/index.ts';
import type { WorkspaceLocation } from '../driver.ts';

const MAX_PATTERN_LENGTH = 4096;

export interface RawMatch {
  /** From the workspace. */
  path: string;
  mtimeMs: number;
  line: number;
  column: number;
  text: string;
}

/** Where a search begins, with links resolved. */
export interface SearchStart {
  names: readonly string[];
  isDirectory: boolean;
}

export interface SearchScope {
  location: WorkspaceLocation;
  /** A directory or, for `matches`, a file; named by the caller, so its own name is not held against the rules. */
  start: readonly string[];
  isFile: boolean;
  /** Also what is hidden or ignored, but for the repository's own directory. */
  everything: boolean;
  signal: AbortSignal;
}

export interface SearchEngine {
  /** Whether the ignore files above the start have a say. */
  readsParents: boolean;
  /** Every file, from the workspace, some at a time; `depth` 0 is unlimited. */
  files(scope: SearchScope, depth: number): AsyncIterable<readonly string[]>;
  /** The first match of each line. */
  matches(
    scope: SearchScope,
    query: { pattern: string; literal: boolean; include: string | null },
  ): AsyncIterable<RawMatch>;
}

export function checkPattern(pattern: string): void {
  if (pattern === '' || pattern.length > MAX_PATTERN_LENGTH || pattern.includes('\0')) {
    throw invalidPattern('is empty or too long');
  }
}

export function invalidPattern(what: string): WorkspaceError {
  return new WorkspaceError('invalid_pattern', `The pattern ${what}.`);
}
