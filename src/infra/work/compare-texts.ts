import {
  type CompareTexts,
  type Comparison,
  MAX_COMPARED_CHARS,
  MAX_DIFF_CHARS,
  type TextPair,
} from '#domain/history/index.ts';
import type { WorkResult, WorkTerms } from '#shared/work.ts';
import { countLineFeeds, type Middle, withoutCommonEnds } from './common-ends.ts';
import { type DiffJob, type LineDifference, lineDifference } from './line-diff.ts';

/** What differs so little is compared at once: the work grows with the square of the lines. */
const SMALL_CHARS = 64 * 1024;
const SMALL_LINES = 600;

export type RunDiff = (job: DiffJob, terms: WorkTerms) => Promise<WorkResult<LineDifference | null>>;

export function createCompareTexts(run: RunDiff): CompareTexts {
  return async (pair, terms) => {
    const middle = withoutCommonEnds(pair.before, pair.after);
    if (middle.before.length + middle.after.length > MAX_COMPARED_CHARS) return uncompared(pair, 'too_large');
    const { oldName, newName } = pair;
    const job = { ...middle, oldName, newName, maxChars: MAX_DIFF_CHARS, timeoutMs: terms.budget.leftMs };
    const done = isSmall(middle)
      ? ({ ok: true, value: lineDifference({ ...job, timeoutMs: Number.POSITIVE_INFINITY }) } as const)
      : await run(job, terms);
    if (!done.ok) return uncompared(pair, done.reason);
    return done.value ?? uncompared(pair, 'too_slow');
  };
}

function isSmall({ before, after }: Middle): boolean {
  if (before.length + after.length > SMALL_CHARS) return false;
  return countLineFeeds(before) + countLineFeeds(after) <= SMALL_LINES;
}

function uncompared({ before, after }: TextPair, refusal: Comparison['refusal']): Comparison {
  return { additions: lineCount(after), removals: lineCount(before), diff: null, refusal };
}

function lineCount(text: string): number {
  return text === '' ? 0 : countLineFeeds(text) + (text.endsWith('\n') ? 0 : 1);
}
