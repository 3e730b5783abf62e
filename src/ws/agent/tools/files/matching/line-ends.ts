export type LineEnd = '\n' | '\r\n';

export const BYTE_ORDER_MARK = '\ufeff';

/** A text read as if all line ends were LF, with the way back to where each character stands. */
export interface LineFeedView {
  text: string;
  /** The place of an offset of `text` in the text itself; a line end is not split. */
  placeOf(offset: number): number;
  /** How lines end around a stretch: in it, else behind it, else before it. Null in a text without line ends. */
  endNear(start: number, end: number): LineEnd | null;
}

export function asLineFeeds(raw: string): LineFeedView {
  if (!raw.includes('\r\n')) {
    const end = raw.includes('\n') ? '\n' : null;
    return { text: raw, placeOf: (offset) => offset, endNear: () => end };
  }
  const text = raw.replaceAll('\r\n', '\n');
  const breaks: number[] = [];
  /** For each line break, how many before it are CRLF. */
  const carriageReturns: number[] = [0];
  for (let at = text.indexOf('\n'); at >= 0; at = text.indexOf('\n', at + 1)) {
    const before = carriageReturns.at(-1) ?? 0;
    carriageReturns.push(before + (raw.charCodeAt(at + before) === 13 ? 1 : 0));
    breaks.push(at);
  }
  const breaksBefore = (offset: number) => lowerBound(breaks, offset);
  const endOf = (index: number): LineEnd =>
    carriageReturns[index + 1] === carriageReturns[index] ? '\n' : '\r\n';
  return {
    text,
    placeOf: (offset) => offset + (carriageReturns[breaksBefore(offset)] ?? 0),
    endNear(start) {
      const next = breaksBefore(start);
      return endOf(next < breaks.length ? next : breaks.length - 1);
    },
  };
}

/** The index of the first number that is not below `value`. */
function lowerBound(sorted: readonly number[], value: number): number {
  let from = 0;
  let to = sorted.length;
  while (from < to) {
    const middle = (from + to) >> 1;
    if ((sorted[middle] ?? 0) < value) from = middle + 1;
    else to = middle;
  }
  return from;
}

export function toLineFeeds(text: string): string {
  return text.replaceAll('\r\n', '\n');
}

export function toCarriageReturns(text: string): string {
  return toLineFeeds(text).replaceAll('\n', '\r\n');
}

/** True when every line ends with CRLF, and there is one. */
export function isAllCarriageReturns(text: string): boolean {
  return text.includes('\r\n') && toCarriageReturns(text) === text;
}
