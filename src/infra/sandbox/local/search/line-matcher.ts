import vm from 'node:vm';
import { truncate } from '#shared/text.ts';
import { invalidPattern } from './search.ts';

/** How long an expression may hold up the event loop on one piece of text; wall time, so a busy host gets more tries. */
const MAX_MATCH_MS = 40;
const MATCH_TRIES = 3;
const PIECE_LENGTH = 64 * 1024;
const PIECE_LINES = 2000;
export const MAX_LINE_LENGTH = 500;

export interface LineMatch {
  /** From 1. */
  line: number;
  /** From 1, in characters. */
  column: number;
  text: string;
}

/**
 * The first match in each line, some lines at a time. Runs in a context of its own with a time limit, because an expression can take
 * exponential time. Throws `invalid_pattern`.
 */
export function compileLineMatcher(query: {
  pattern: string;
  literal: boolean;
}): (text: string) => Generator<LineMatch[]> {
  const expression = query.literal ? literalExpression(query.pattern) : compileExpression(query.pattern);
  const sandbox = { expression, lines: [] as string[] };
  const context = vm.createContext(sandbox);
  const script = new vm.Script('lines.map((line) => line.search(expression))');
  return function* matchLines(text) {
    let line = 0;
    for (const piece of pieces(text)) {
      sandbox.lines = piece;
      yield search(script, context).flatMap((column, index) =>
        column < 0 ? [] : [toMatch(line + index + 1, column + 1, piece[index] ?? '')],
      );
      line += piece.length;
    }
  };
}

function toMatch(line: number, column: number, content: string): LineMatch {
  return { line, column, text: truncate(content.replace(/\r$/, ''), MAX_LINE_LENGTH) };
}

function search(script: vm.Script, context: vm.Context): number[] {
  for (let tries = 0; tries < MATCH_TRIES; tries += 1) {
    try {
      return script.runInContext(context, { timeout: MAX_MATCH_MS }) as number[];
    } catch (error) {
      const isLate = isObject(error) && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
      if (!isLate) break;
    }
  }
  throw invalidPattern('takes too long to match');
}

/** The error comes from the other context, so it is no `Error` of this one. */
function isObject(error: unknown): error is { code?: unknown } {
  return typeof error === 'object' && error !== null;
}

/** Groups of whole lines, so that no single run is long. */
function* pieces(text: string): Generator<string[]> {
  const body = text.endsWith('\n') ? text.slice(0, -1) : text;
  let piece: string[] = [];
  let length = 0;
  for (const line of body === '' ? [] : body.split('\n')) {
    piece.push(line);
    length += line.length;
    if (length < PIECE_LENGTH && piece.length < PIECE_LINES) continue;
    yield piece;
    piece = [];
    length = 0;
  }
  if (piece.length > 0) yield piece;
}

function literalExpression(text: string): RegExp {
  return new RegExp(text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&'));
}

/** A leading `(?i)` is understood as in ripgrep. */
function compileExpression(pattern: string): RegExp {
  const ignoreCase = pattern.startsWith('(?i)');
  const source = ignoreCase ? pattern.slice(4) : pattern;
  const flags = ignoreCase ? 'i' : '';
  for (const candidate of [`${flags}u`, flags]) {
    try {
      return new RegExp(source, candidate);
    } catch {
      // Without `u` more escapes are accepted.
    }
  }
  throw invalidPattern('is not a valid regular expression');
}
