/** `retry-after-ms`, or `retry-after` as seconds or as a date; null when absent or unreadable. */
export function parseRetryAfter(headers: Record<string, string | undefined>, now: number): number | null {
  const ms = Number.parseFloat(headers['retry-after-ms'] ?? '');
  if (ms >= 0) return ms;
  const value = headers['retry-after']?.trim();
  if (!value) return null;
  if (/^\d+(\.\d+)?$/.test(value)) return Number(value) * 1000;
  const date = Date.parse(value);
  return Number.isNaN(date) ? null : Math.max(0, date - now);
}
