import type { LineEnd, LineFeedView } from './line-ends.ts';

/** A stretch of a text with LF line ends, and what to put there. */
export interface Region {
  start: number;
  end: number;
  text: string;
}

/**
 * Replaces stretches, given in order. Only what differs is touched: a beginning and an end that the old and the new text
 * have in common keep their bytes. New lines end like those whose place they take, or like their neighbours; in a
 * text without line ends, with `fallback`.
 */
export function replaceRegions(
  raw: string,
  view: LineFeedView,
  regions: readonly Region[],
  fallback: LineEnd,
): string {
  const pieces: string[] = [];
  let done = 0;
  for (const region of regions) {
    const old = view.text.slice(region.start, region.end);
    const { prefix, suffix } = common(old, region.text);
    const start = view.placeOf(region.start + prefix);
    const end = view.placeOf(region.end - suffix);
    const fresh = region.text.slice(prefix, region.text.length - suffix);
    const usual = view.endNear(region.start + prefix, region.end - suffix) ?? fallback;
    pieces.push(raw.slice(done, start), withEndsOf(raw.slice(start, end), fresh, usual));
    done = end;
  }
  pieces.push(raw.slice(done));
  return pieces.join('');
}

function common(old: string, fresh: string): { prefix: number; suffix: number } {
  const most = Math.min(old.length, fresh.length);
  let prefix = 0;
  while (prefix < most && old.charCodeAt(prefix) === fresh.charCodeAt(prefix)) prefix += 1;
  let suffix = 0;
  while (
    suffix < most - prefix &&
    old.charCodeAt(old.length - 1 - suffix) === fresh.charCodeAt(fresh.length - 1 - suffix)
  ) {
    suffix += 1;
  }
  return { prefix, suffix };
}

/** The new text with the line ends of the old: line by line when there are as many, else by equal lines. */
function withEndsOf(oldRaw: string, fresh: string, usual: LineEnd): string {
  if (!fresh.includes('\n')) return fresh;
  const lines = fresh.split('\n');
  const oldLines = oldRaw.split('\n').map((line, index, all) => ({
    text: line.endsWith('\r') ? line.slice(0, -1) : line,
    end: index === all.length - 1 ? null : line.endsWith('\r') ? ('\r\n' as const) : ('\n' as const),
  }));
  if (oldLines.length === lines.length) {
    return lines.map((line, index) => line + (oldLines[index]?.end ?? '')).join('');
  }
  const ends = new Map(oldLines.map(({ text, end }) => [text, end]));
  return lines
    .map((line, index) => (index === lines.length - 1 ? line : line + (ends.get(line) ?? usual)))
    .join('');
}
