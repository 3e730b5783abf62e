import { truncate } from '#shared/text.ts';
import { countChanges, type LineCounts, unifiedDiff } from './diff-text.ts';
import { toLineFeeds } from './matching/line-ends.ts';

/** Old and new content in sum; both go to clients, into the log and into the history of the session. */
const MAX_CONTENT_BYTES = 256 * 1024;
const MAX_DIFF_CHARS = 256 * 1024;

export interface ShownChange {
  counts: LineCounts;
  /** Both contents or, when they are large, only what differs. */
  contents(): { old_content: string; new_content: string } | { diff: string };
  diff(): string;
}

/** A change of a file for people: with LF line ends, unless these are all that changes. */
export function shownChange(path: string, before: string, after: string): ShownChange {
  const texts = { old: toLineFeeds(before), fresh: toLineFeeds(after) };
  const { old, fresh } = texts.old === texts.fresh ? { old: before, fresh: after } : texts;
  let known: string | null = null;
  const diff = (): string => {
    known ??= boundedDiff(path, old, fresh);
    return known;
  };
  return {
    counts: countChanges(old, fresh),
    diff,
    contents() {
      const bytes = Buffer.byteLength(old) + Buffer.byteLength(fresh);
      return bytes <= MAX_CONTENT_BYTES ? { old_content: old, new_content: fresh } : { diff: diff() };
    },
  };
}

function boundedDiff(path: string, old: string, fresh: string): string {
  const diff = unifiedDiff(path, old, fresh);
  if (diff.length <= MAX_DIFF_CHARS) return diff;
  return `${truncate(diff, MAX_DIFF_CHARS)}\n… (the rest of the difference is left out)\n`;
}
