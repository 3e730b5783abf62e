import { CONTEXT_LINES } from './line-diff.ts';

export interface Middle {
  before: string;
  after: string;
  /** Lines that were left away at the beginning. */
  skippedLines: number;
}

const STEP = 4096;

/** Both texts without the whole lines that they begin and end with in common, but for those that a diff shows. */
export function withoutCommonEnds(before: string, after: string): Middle {
  const shared = commonPrefix(before, after);
  const from = lineStartBefore(before, shared, CONTEXT_LINES + 1);
  const most = Math.min(before.length, after.length) - shared;
  const suffix = commonSuffix(before, after, most);
  const kept = charsOfLines(before, before.length - suffix, CONTEXT_LINES + 1);
  const left = suffix - kept;
  return {
    before: before.slice(from, before.length - left),
    after: after.slice(from, after.length - left),
    skippedLines: countLineFeeds(before, from),
  };
}

function commonPrefix(a: string, b: string): number {
  const most = Math.min(a.length, b.length);
  let at = 0;
  while (at + STEP <= most && a.slice(at, at + STEP) === b.slice(at, at + STEP)) at += STEP;
  while (at < most && a.charCodeAt(at) === b.charCodeAt(at)) at += 1;
  return at;
}

function commonSuffix(a: string, b: string, most: number): number {
  let count = 0;
  const piece = (text: string) => text.slice(text.length - count - STEP, text.length - count);
  while (count + STEP <= most && piece(a) === piece(b)) count += STEP;
  while (count < most && a.charCodeAt(a.length - 1 - count) === b.charCodeAt(b.length - 1 - count))
    count += 1;
  return count;
}

/** The start of the line that lies so many lines before the one at `at`. */
function lineStartBefore(text: string, at: number, lines: number): number {
  let start = at;
  for (let line = 0; line <= lines && start > 0; line += 1) start = text.lastIndexOf('\n', start - 1);
  return start <= 0 ? 0 : start + 1;
}

/** How many characters the rest of the line at `at` and so many lines behind it have. */
function charsOfLines(text: string, at: number, lines: number): number {
  let end = at;
  for (let line = 0; line <= lines; line += 1) {
    const next = text.indexOf('\n', end);
    if (next === -1) return text.length - at;
    end = next + 1;
  }
  return end - at;
}

export function countLineFeeds(text: string, end = text.length): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1 && at < end; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}
