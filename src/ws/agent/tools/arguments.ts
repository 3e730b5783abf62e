import { z } from 'zod';
import { parseForeignJson } from '#shared/bounded-json.ts';
import { truncate } from '#shared/text.ts';

const MAX_ISSUES = 3;
const MAX_SHOWN_CHARS = 60;
const MAX_SHOWN_KEYS = 5;

/** Checks what a model gave, after taking it as generously as its meaning is plain. */
export function parseArguments<S extends z.ZodObject>(
  schema: S,
  input: unknown,
): { success: true; data: z.output<S> } | { success: false; problem: string } {
  const parsed = schema.safeParse(coerceArguments(schema, input), { reportInput: true });
  return parsed.success
    ? { success: true, data: parsed.data }
    : { success: false, problem: describeArgumentError(parsed.error, schema) };
}

/**
 * What a model gave, in the shape that the schema names where the meaning is plain: `null` for an optional parameter
 * is absent, JSON text stands for the array, object, number or boolean that it holds, and one item for a list of it.
 * Anything else stays as it is, for the schema to refuse. Goes no deeper than the schema does.
 */
function coerceArguments(schema: z.ZodType, value: unknown): unknown {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault) {
    const inner = schema.unwrap() as z.ZodType;
    return isNullFor(inner, value) ? undefined : coerceArguments(inner, value);
  }
  if (schema instanceof z.ZodNullable) {
    return value === null ? null : coerceArguments(schema.unwrap() as z.ZodType, value);
  }
  if (schema instanceof z.ZodObject) return coerceObject(schema, value);
  if (schema instanceof z.ZodArray) return coerceArray(schema.element as z.ZodType, value);
  if (schema instanceof z.ZodNumber) return fromJson(value, (parsed) => typeof parsed === 'number');
  if (schema instanceof z.ZodBoolean) return fromJson(value, (parsed) => typeof parsed === 'boolean');
  return value;
}

function isNullFor(inner: z.ZodType, value: unknown): boolean {
  if (inner instanceof z.ZodNullable) return false;
  return value === null || (value === 'null' && !(inner instanceof z.ZodString));
}

function coerceObject({ shape }: z.ZodObject, given: unknown): unknown {
  const value = fromJson(given, isRecord);
  if (!isRecord(value)) return value;
  const entries = Object.entries(value).flatMap(([key, item]) => {
    const known = Object.hasOwn(shape, key) ? (shape[key] as z.ZodType) : undefined;
    const coerced = known ? coerceArguments(known, item) : item;
    return coerced === undefined ? [] : [[key, coerced] as const];
  });
  return Object.fromEntries(entries);
}

function coerceArray(element: z.ZodType, given: unknown): unknown {
  const value = fromJson(given, (parsed) => Array.isArray(parsed) || isRecord(parsed));
  if (Array.isArray(value)) return value.map((item) => coerceArguments(element, item));
  const item = coerceArguments(element, value);
  return typeof item === 'object' && item !== null && element instanceof z.ZodObject
    ? [item]
    : typeof item === 'string' && element instanceof z.ZodString
      ? [item]
      : value;
}

/** The value that a text holds as JSON, when it is of the wanted kind; otherwise the text. */
function fromJson(value: unknown, isWanted: (parsed: unknown) => boolean): unknown {
  if (typeof value !== 'string') return value;
  try {
    const parsed: unknown = parseForeignJson(value);
    return isWanted(parsed) ? parsed : value;
  } catch {
    return value;
  }
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** What is wrong with what was given, for the model. The error has to come from a parse with `reportInput`. */
function describeArgumentError(error: z.ZodError, schema: z.ZodObject): string {
  const shown = error.issues.slice(0, MAX_ISSUES).map((issue) => describeIssue(issue, schema));
  const more = error.issues.length > MAX_ISSUES ? `; and ${error.issues.length - MAX_ISSUES} more` : '';
  return `Invalid input: ${shown.join('; ')}${more}`;
}

function describeIssue(issue: z.core.$ZodIssue, schema: z.ZodObject): string {
  const path = showPath(issue.path);
  if (issue.code === 'unrecognized_keys') {
    const where = path === '' ? '' : ` in ${path}`;
    const known = path === '' ? ` (known: ${Object.keys(schema.shape).join(', ')})` : '';
    return `unknown parameter ${issue.keys.slice(0, MAX_SHOWN_KEYS).map(short).join(', ')}${where}${known}`;
  }
  if (issue.input === undefined && path !== '') return `missing required parameter ${path}`;
  const what = issue.code === 'invalid_type' ? `expected ${issue.expected}` : lowerFirst(issue.message);
  return `${path === '' ? '' : `${path}: `}${what}, received ${showValue(issue.input)}`;
}

function showPath(path: readonly PropertyKey[]): string {
  return path
    .map((step, at) => (typeof step === 'number' ? `[${step}]` : `${at === 0 ? '' : '.'}${String(step)}`))
    .join('');
}

function showValue(value: unknown): string {
  if (typeof value === 'string') return `the text ${JSON.stringify(short(value))}`;
  if (Array.isArray(value)) return `a list of ${value.length}`;
  if (!isRecord(value)) return String(value);
  const keys = Object.keys(value);
  const more = keys.length > MAX_SHOWN_KEYS ? ', …' : '';
  return keys.length === 0
    ? 'an empty object'
    : `an object with ${keys.slice(0, MAX_SHOWN_KEYS).map(short).join(', ')}${more}`;
}

function short(text: string): string {
  return text.length <= MAX_SHOWN_CHARS ? text : `${truncate(text, MAX_SHOWN_CHARS)}…`;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
