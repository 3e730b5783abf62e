import { parseForeignJson } from '#shared/bounded-json.ts';

const MAX_LAYERS = 3;

/**
 * The arguments of a call as JSON text of an object where that is what was meant: none at all, an empty object that
 * precedes the real one, JSON in a JSON string, the same object twice, a code fence. The rest stays as it came.
 */
export function mendInput(text: string): string {
  const plain = text.trim();
  if (plain === '' || plain === 'null') return '{}';
  const parsed = parse(plain);
  if (isObject(parsed)) return text;
  if (typeof parsed === 'string') return unwrap(parsed) ?? (parsed.trim() === '' ? '{}' : text);
  if (parsed !== undefined) return text;
  for (const candidate of [afterEmpty(plain), firstHalf(plain), unfenced(plain)]) {
    if (candidate !== null && isObject(parse(candidate))) return candidate;
  }
  return text;
}

function unwrap(inner: string): string | null {
  let text = inner;
  for (let layer = 0; layer < MAX_LAYERS; layer += 1) {
    const parsed = parse(text);
    if (isObject(parsed)) return text;
    if (typeof parsed !== 'string') return null;
    text = parsed;
  }
  return null;
}

function afterEmpty(text: string): string | null {
  const empty = /^(?:(?:\{\s*\}|null|"")\s*)+/.exec(text)?.[0];
  return empty === undefined ? null : text.slice(empty.length) || '{}';
}

function firstHalf(text: string): string | null {
  const half = text.slice(0, text.length / 2);
  return text.length % 2 === 0 && half + half === text ? half : null;
}

function unfenced(text: string): string | null {
  if (!text.startsWith('```') || !text.endsWith('```')) return null;
  return text
    .slice(3, -3)
    .replace(/^json\b/, '')
    .trim();
}

function parse(text: string): unknown {
  try {
    return parseForeignJson(text);
  } catch {
    return undefined;
  }
}

function isObject(value: unknown): boolean {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
