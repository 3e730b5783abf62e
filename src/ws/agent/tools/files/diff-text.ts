import { createTwoFilesPatch, structuredPatch } from 'diff';

/** Beyond this many characters a diff is not worth its time; every line then counts as changed. */
const MAX_DIFF_CHARS = 2_000_000;
const DIFF_TIMEOUT_MS = 1000;

export interface LineCounts {
  additions: number;
  removals: number;
}

export function countChanges(before: string, after: string): LineCounts {
  const lines = changedLines(before, after);
  return {
    additions: lines?.filter((line) => line.startsWith('+')).length ?? lineCount(after),
    removals: lines?.filter((line) => line.startsWith('-')).length ?? lineCount(before),
  };
}

/** Null when the texts are too long, or took too long. */
function changedLines(before: string, after: string): string[] | null {
  if (before.length + after.length > MAX_DIFF_CHARS) return null;
  const options = { context: 0, timeout: DIFF_TIMEOUT_MS };
  return (
    structuredPatch('a', 'b', before, after, '', '', options)?.hunks.flatMap((hunk) => hunk.lines) ?? null
  );
}

/** Texts that are too long to compare are told by their size. */
export function unifiedDiff(path: string, before: string, after: string): string {
  const diff =
    before.length + after.length > MAX_DIFF_CHARS
      ? undefined
      : createTwoFilesPatch(`a${path}`, `b${path}`, before, after, '', '', {
          context: 3,
          timeout: DIFF_TIMEOUT_MS,
        });
  return (
    diff ?? `(too large to compare: ${lineCount(before)} lines before, ${lineCount(after)} lines after)\n`
  );
}

function lineCount(text: string): number {
  return text === '' ? 0 : text.split('\n').length - (text.endsWith('\n') ? 1 : 0);
}
