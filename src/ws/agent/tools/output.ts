export const MAX_OUTPUT_CHARS = 30_000;

/** Beginning and end of a long text, with a line between that says how many lines are missing. */
export function truncateMiddle(text: string, max = MAX_OUTPUT_CHARS, alreadyDropped = 0): string {
  if (text.length <= max && alreadyDropped === 0) return text;
  const half = Math.floor(max / 2);
  const head = trimSurrogate(text.slice(0, Math.min(half, text.length)));
  const rest = text.slice(head.length);
  const tail = rest.length <= half ? rest : rest.slice(-half).replace(/^[\udc00-\udfff]/, '');
  const missing = rest.slice(0, rest.length - tail.length);
  const lines = missing.split('\n').length - 1 + alreadyDropped;
  return `${head}\n\n... [${lines} lines truncated] ...\n\n${tail}`;
}

/** The last `max` characters. */
export function tailOf(text: string, max: number): string {
  return text.length <= max ? text : text.slice(-max).replace(/^[\udc00-\udfff]/, '');
}

function trimSurrogate(text: string): string {
  return text.replace(/[\ud800-\udbff]$/, '');
}
