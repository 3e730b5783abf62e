import type { Comparison } from '#domain/history/index.ts';
import { truncate } from '#shared/text.ts';
import type { WorkTerms } from '#shared/work.ts';
import type { ToolScope } from '../../ports.ts';
import { MAX_SHOWN_CONTENT_BYTES, MAX_SHOWN_DIFF_CHARS } from '../limits.ts';
import { toLineFeeds } from './matching/line-ends.ts';

export interface ShownChange {
  counts: Pick<Comparison, 'additions' | 'removals'>;
  /** Both contents or, when they are large, only what differs. */
  contents: { old_content: string; new_content: string } | { diff: string };
  diff: string;
}

/** A change of a file for people: with LF line ends, unless these are all that changes. */
export async function shownChange(
  { scope, terms, path }: { scope: Pick<ToolScope, 'work'>; terms: WorkTerms; path: string },
  before: string,
  after: string,
): Promise<ShownChange> {
  const texts = { old: toLineFeeds(before), fresh: toLineFeeds(after) };
  const { old, fresh } = texts.old === texts.fresh ? { old: before, fresh: after } : texts;
  const pair = { oldName: `a${path}`, newName: `b${path}`, before: old, after: fresh };
  const compared = await scope.work.compare(pair, terms);
  const { additions, removals } = compared;
  const diff = diffOf(compared);
  const bytes = Buffer.byteLength(old) + Buffer.byteLength(fresh);
  const isShown = bytes <= MAX_SHOWN_CONTENT_BYTES;
  return {
    counts: { additions, removals },
    diff,
    contents: isShown ? { old_content: old, new_content: fresh } : { diff },
  };
}

function diffOf({ diff, additions, removals }: Comparison): string {
  if (diff === null) return `(too large to compare: ${removals} lines before, ${additions} lines after)\n`;
  if (diff.length <= MAX_SHOWN_DIFF_CHARS) return diff;
  return `${truncate(diff, MAX_SHOWN_DIFF_CHARS)}\n… (the rest of the difference is left out)\n`;
}
