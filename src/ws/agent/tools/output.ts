import { truncate, truncateStart } from '#shared/text.ts';

export const MAX_OUTPUT_CHARS = 30_000;

/** Beginning and end of a long text, with a line between that says how many lines are missing. */
export function truncateMiddle(text: string, max = MAX_OUTPUT_CHARS, alreadyDropped = 0): string {
  if (text.length <= max && alreadyDropped === 0) return text;
  const half = Math.floor(max / 2);
  const head = truncate(text, half);
  const rest = text.slice(head.length);
  const tail = truncateStart(rest, half);
  const missing = rest.slice(0, rest.length - tail.length);
  const lines = missing.split('\n').length - 1 + alreadyDropped;
  return `${head}\n\n... [${lines} lines truncated] ...\n\n${tail}`;
}
