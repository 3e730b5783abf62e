/** Cuts to at most `max` UTF-16 units without splitting a surrogate pair. */
export function truncate(text: string, max: number): string {
  return text.length <= max ? text : withoutHalfPair(text.slice(0, Math.max(0, max)));
}

/** The last `max` UTF-16 units at most, without splitting a surrogate pair. */
export function truncateStart(text: string, max: number): string {
  if (text.length <= max) return text;
  const from = text.length - Math.max(0, max);
  return text.slice(isLowSurrogate(text.charCodeAt(from)) ? from + 1 : from);
}

/** Without the first half of a surrogate pair at the end. */
export function withoutHalfPair(text: string): string {
  const last = text.charCodeAt(text.length - 1);
  return last >= 0xd800 && last <= 0xdbff ? text.slice(0, -1) : text;
}

function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}

export function errorMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
