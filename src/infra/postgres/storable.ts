const REPLACEMENT = '\ufffd';
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;
/** What JSON.stringify makes of the characters that jsonb refuses (and, rarely, of text that only looks like them). */
const SUSPECT_JSON = /\\u(?:0000|d[89a-f])/;

/** Postgres stores no NUL; each becomes U+FFFD, as half a surrogate pair does when it is encoded. */
export function storableText(text: string): string {
  return text.includes('\0') ? text.replaceAll('\0', REPLACEMENT) : text;
}

/** JSON text that jsonb accepts. */
export function storableJson(value: unknown): string {
  const text = JSON.stringify(value ?? null);
  return SUSPECT_JSON.test(text) ? JSON.stringify(storableValue(value)) : text;
}

function storableValue(value: unknown): unknown {
  if (typeof value === 'string') return storableJsonText(value);
  if (Array.isArray(value)) return value.map(storableValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [storableJsonText(key), storableValue(inner)]),
  );
}

function storableJsonText(text: string): string {
  return storableText(text).replace(LONE_SURROGATE, REPLACEMENT);
}
