import { isObject, type Json } from './json.ts';

const MAX_DEPTH = 3;
/** Words for no error, and how much of a text is looked at for them. */
const NOTHING = new Set(['', 'null', 'none', 'false']);
const MAX_LOOKED_AT = 1000;

/**
 * The error that a payload reports, or null. `isAnswer`: it also holds parts of an answer, so that a lone
 * message is no error. Providers fill `error` with false, '' or {} when there is none.
 */
export function reportedError(chunk: Json, event: string, isAnswer: boolean): Json | null {
  if (event === 'error' || saysSomething(chunk.error, 0)) return chunk;
  if (chunk.type === 'error' || chunk.object === 'error') return chunk;
  if (isAnswer) return null;
  const { message, detail, errors, error_message: text } = chunk;
  return [message, detail, errors, text].some((value) => saysSomething(value, 0)) ? chunk : null;
}

function saysSomething(value: unknown, depth: number): boolean {
  if (typeof value === 'string') return !NOTHING.has(value.slice(0, MAX_LOOKED_AT).trim().toLowerCase());
  if (typeof value === 'number') return value >= 400;
  if (typeof value !== 'object' || value === null) return value === true;
  if (depth > MAX_DEPTH) return true;
  const inner = Array.isArray(value) ? value : isObject(value) ? Object.values(value) : [];
  return inner.slice(0, 32).some((item) => saysSomething(item, depth + 1));
}
