import { parseForeignJson } from '#shared/bounded-json.ts';
import { notAnAnswer } from '../failure/failure.ts';

export type Json = Record<string, unknown>;

export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function objects(value: unknown): Json[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

export function objectOf(value: unknown): Json {
  return isObject(value) ? value : {};
}

/** The objects of a payload; a list of them counts as one after the other. Throws for what is no JSON. */
export function parseObjects(payload: string): Json[] {
  let value: unknown;
  try {
    value = parseForeignJson(payload);
  } catch {
    throw notAnAnswer();
  }
  return isObject(value) ? [value] : objects(value);
}

/** Text, or a number as text; null for the rest and for blanks. */
export function idOf(value: unknown): string | null {
  const text = typeof value === 'number' ? String(value) : value;
  return typeof text === 'string' && text.trim() !== '' ? text.trim() : null;
}

export function stringOf(value: unknown): string {
  return typeof value === 'string' ? value : '';
}

/** A position in a list; null when there is none. */
export function indexOf(value: unknown): number | null {
  const number = typeof value === 'string' && /^\d{1,6}$/.test(value) ? Number(value) : value;
  return typeof number === 'number' && Number.isInteger(number) && number >= 0 ? number : null;
}
