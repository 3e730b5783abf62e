import { parse } from 'yaml';
import type { z } from 'zod';
import { kindsOf, schemaAt } from './schema-tree.ts';

const FLAGS: Readonly<Record<string, boolean>> = {
  true: true,
  yes: true,
  on: true,
  '1': true,
  false: false,
  no: false,
  off: false,
  '0': false,
};

const NUMBER = /^[+-]?(\d+(\.\d*)?|\.\d+)(e[+-]?\d+)?$/i;

/** What a text means where the schema wants something else; what cannot be meant stays as it is, to be refused. */
export function fromText(text: string, schema: z.ZodType): unknown {
  const kinds = kindsOf(schema);
  const trimmed = text.trim();
  if (kinds.has('boolean')) return flagOf(trimmed) ?? text;
  if (kinds.has('array') && (!takesText(kinds) || /^\[|,/.test(trimmed))) return listOf(trimmed, schema);
  if (takesText(kinds)) return text;
  if (kinds.has('number')) return NUMBER.test(trimmed) ? Number(trimmed) : text;
  return structureOf(text);
}

/** The same for a value of a file: `1` for true, `0123` where a text is wanted (`source`: as it is written there). */
export function fromScalar(value: unknown, source: string | undefined, schema: z.ZodType): unknown {
  const kinds = kindsOf(schema);
  if (typeof value === 'string') return fromText(value, schema);
  if (kinds.has('boolean') && typeof value === 'number') return flagOf(String(value)) ?? value;
  const isForeign = typeof value === 'number' || typeof value === 'boolean';
  return isForeign && takesText(kinds) && !kinds.has('number') ? (source ?? String(value)) : value;
}

function takesText(kinds: ReadonlySet<string>): boolean {
  return kinds.has('string') || kinds.has('enum') || kinds.has('literal');
}

function flagOf(text: string): boolean | undefined {
  const word = text.toLowerCase();
  return Object.hasOwn(FLAGS, word) ? FLAGS[word] : undefined;
}

function listOf(text: string, schema: z.ZodType): unknown {
  if (text === '') return [];
  if (text.startsWith('[')) return structureOf(text);
  const element = schemaAt(schema, ['0']);
  return text.split(',').map((item) => (element ? fromText(item.trim(), element) : item.trim()));
}

function structureOf(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}
