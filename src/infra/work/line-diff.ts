import { formatPatch, type StructuredPatch, structuredPatch } from 'diff';
import type { TextPair } from '#domain/history/index.ts';

export const CONTEXT_LINES = 3;

export interface DiffJob extends TextPair {
  /** Lines before the texts, which both have in common. */
  skippedLines: number;
  maxChars: number;
  timeoutMs: number;
}

export interface LineDifference {
  additions: number;
  removals: number;
  diff: string;
}

/** Null: it took too long. */
export function lineDifference(job: DiffJob): LineDifference | null {
  const { oldName, newName, before, after, skippedLines, maxChars, timeoutMs } = job;
  const options = { context: CONTEXT_LINES, timeout: timeoutMs };
  const patch: StructuredPatch | undefined = structuredPatch(
    oldName,
    newName,
    before,
    after,
    '',
    '',
    options,
  );
  if (!patch) return null;
  let additions = 0;
  let removals = 0;
  for (const hunk of patch.hunks) {
    hunk.oldStart += skippedLines;
    hunk.newStart += skippedLines;
    for (const line of hunk.lines) {
      if (line.startsWith('+')) additions += 1;
      else if (line.startsWith('-')) removals += 1;
    }
  }
  return { additions, removals, diff: cut(formatPatch(patch), maxChars) };
}

function cut(diff: string, maxChars: number): string {
  if (diff.length <= maxChars) return diff;
  const end = diff.lastIndexOf('\n', maxChars) + 1;
  return `${diff.slice(0, end)}… (the rest of the difference is left out)\n`;
}
