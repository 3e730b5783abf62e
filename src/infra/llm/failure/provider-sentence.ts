import { parseForeignJson } from '#shared/bounded-json.ts';

const MAX_DEPTH = 5;
const MAX_LISTED = 3;
/** Longer sentences are cut before anything is matched against them. */
const MAX_LENGTH = 4_000;
/** Where providers put their sentence, in the order of how well it explains. */
const KEYS = [
  'error',
  'errors',
  'message',
  'detail',
  'msg',
  'error_message',
  'error_description',
  'errorMessage',
  'description',
  'reason',
  'title',
  'response',
];

/** The provider's own sentence out of an error body, JSON or plain text; '' for pages and for nothing. */
export function providerSentence(body: string): string {
  const parsed = parseJson(body);
  if (parsed === undefined) return plainText(body);
  return sentenceOf(parsed);
}

/** The same for a value that is parsed already. */
export function sentenceOf(value: unknown, depth = 0): string {
  if (typeof value === 'string') return ofText(value, depth);
  if (depth > MAX_DEPTH || typeof value !== 'object' || value === null) return '';
  if (Array.isArray(value)) {
    const said = value.slice(0, 16).map((item) => sentenceOf(item, depth + 1));
    return said
      .filter((text) => text !== '')
      .slice(0, MAX_LISTED)
      .join('; ');
  }
  return ofObject(value as Record<string, unknown>, depth);
}

function ofObject(source: Record<string, unknown>, depth: number): string {
  for (const key of KEYS) {
    if (!Object.hasOwn(source, key)) continue;
    const said = sentenceOf(source[key], depth + 1);
    if (said === '') continue;
    const place = key === 'msg' ? placeOf(source.loc) : '';
    return `${place}${said}${upstream(source.metadata, said)}`;
  }
  return '';
}

/** Which field a validation error speaks of. */
function placeOf(loc: unknown): string {
  if (!Array.isArray(loc)) return '';
  const steps = loc.filter((step) => typeof step === 'string' || typeof step === 'number');
  return steps.length > 0 ? `${steps.slice(0, 12).join('.')}: ` : '';
}

/** A router reports what the provider behind it said. */
function upstream(metadata: unknown, said: string): string {
  if (typeof metadata !== 'object' || metadata === null) return '';
  const raw = sentenceOf((metadata as Record<string, unknown>).raw, MAX_DEPTH - 1);
  return raw === '' || raw === said ? '' : `: ${raw}`;
}

function ofText(text: string, depth: number): string {
  const nested = depth < MAX_DEPTH && /^\s*[[{]/.test(text) ? parseJson(text) : undefined;
  return (nested === undefined ? '' : sentenceOf(nested, depth + 1)) || plainText(text);
}

function plainText(text: string): string {
  const start = text.slice(0, MAX_LENGTH).trim();
  if (start.startsWith('<') || start.startsWith('{') || start.startsWith('[')) return '';
  // biome-ignore lint/suspicious/noControlCharactersInRegex: a body may hold anything
  return start.replace(/[\u0000-\u001f\u007f\ufffd]+/g, ' ').trim();
}

function parseJson(text: string): unknown {
  try {
    return parseForeignJson(text);
  } catch {
    return undefined;
  }
}
