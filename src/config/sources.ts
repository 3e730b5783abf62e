import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, parse, parseDocument } from 'yaml';
import { ZodDefault, ZodObject, ZodOptional, ZodPrefault, ZodRecord, ZodString, type z } from 'zod';
import { configError } from './errors.ts';
import type { Environment } from './paths.ts';

export type Tree = { [key: string]: unknown };

/** One layer of configuration: values, and where each came from (dotted path → place). */
export interface Layer {
  values: Tree;
  origins: Map<string, string>;
}

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** The operator's file: YAML 1.2 with `${VAR}`, `${VAR:-default}` in strings and `*_file` keys. */
export function readConfigFile(path: string, env: Environment): Layer {
  let text: string;
  try {
    text = readFileSync(path, 'utf8');
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    throw configError(`cannot read the configuration file ${path} (${code})`);
  }
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true });
  const problem = document.errors[0];
  if (problem) {
    const { line } = lines.linePos(problem.pos[0]);
    throw configError(`${path}:${line}: not valid YAML: ${problem.message.split('\n')[0]}`);
  }
  if (document.contents !== null && !isMap(document.contents)) {
    if (isScalar(document.contents) && document.contents.value === null)
      return { values: {}, origins: new Map() };
    throw configError(`${path}:1: the file must be a map of keys`);
  }
  const origins = new Map<string, string>();
  const placeOf = (node: Node | null | undefined) =>
    node?.range ? `${path}:${lines.linePos(node.range[0]).line}` : path;
  const values = document.contents ? toTree(document.contents, [], { env, origins, placeOf }) : {};
  return { values: values as Tree, origins };
}

interface FileContext {
  env: Environment;
  origins: Map<string, string>;
  placeOf: (node: Node | null | undefined) => string;
}

function toTree(node: unknown, path: string[], context: FileContext): unknown {
  if (isMap(node)) {
    const tree: Tree = Object.create(null);
    for (const pair of node.items) {
      const key = String(isScalar(pair.key) ? pair.key.value : pair.key);
      const place = context.placeOf(isScalar(pair.key) ? pair.key : null);
      const value = toTree(pair.value, [...path, key], context);
      if (key.endsWith('_file') && typeof value === 'string') {
        const target = key.slice(0, -'_file'.length);
        tree[target] = readSecretFile(value, `${place}: ${[...path, key].join('.')}`);
        context.origins.set([...path, target].join('.'), `${place} (from ${value})`);
      } else {
        tree[key] = value;
        context.origins.set([...path, key].join('.'), place);
      }
    }
    return tree;
  }
  if (isSeq(node)) return node.items.map((item, index) => toTree(item, [...path, String(index)], context));
  if (!isScalar(node)) return null;
  if (typeof node.value !== 'string') return node.value;
  return interpolate(node.value, context.env, `${context.placeOf(node)}: ${path.join('.')}`);
}

function interpolate(text: string, env: Environment, place: string): string {
  return text.replace(VARIABLE, (_, name: string, fallback: string | undefined) => {
    const value = env[name] || fallback;
    if (value === undefined) throw configError(`${place}: the environment variable ${name} is not set`);
    return value;
  });
}

function readSecretFile(path: string, place: string): string {
  try {
    return readFileSync(path, 'utf8').replace(/\r?\n$/, '');
  } catch {
    throw configError(`${place}: cannot read the file ${path}`);
  }
}

const PLAIN_VARIABLES: ReadonlyArray<[variable: string, path: string]> = [
  ['DATABASE_URL', 'database.url'],
  ['REDIS_URL', 'redis.url'],
  ['CRUSH_DATA_DIR', 'data_dir'],
  ['CRUSH_PROFILE', 'profile'],
  ['CRUSH_YOLO', 'permissions.skip_requests'],
];

/** `CRUSH_SERVER__HTTP_PORT=9000` and the few variables with names of their own. */
export function readEnvironment(env: Environment, schema: z.ZodType): Layer {
  const layer: Layer = { values: {}, origins: new Map() };
  for (const [variable, path] of PLAIN_VARIABLES) {
    const text = env[variable];
    if (text) setFromText(layer, { path: path.split('.'), text, origin: variable }, schema);
  }
  for (const [variable, text] of Object.entries(env)) {
    if (!text || !variable.startsWith('CRUSH_') || !variable.includes('__')) continue;
    const path = variable.slice('CRUSH_'.length).toLowerCase().split('__');
    setFromText(layer, { path, text, origin: variable }, schema);
  }
  return layer;
}

function setFromText(
  layer: Layer,
  entry: { path: string[]; text: string; origin: string },
  schema: z.ZodType,
): void {
  const { path, text, origin } = entry;
  const wanted = schemaAt(schema, path);
  if (!wanted) throw configError(`${origin}: ${path.join('.')} is not a configuration key`);
  setPath(layer.values, path, wanted instanceof ZodString ? text : parseScalar(text));
  layer.origins.set(path.join('.'), origin);
}

function parseScalar(text: string): unknown {
  try {
    return parse(text);
  } catch {
    return text;
  }
}

export function setPath(tree: Tree, path: string[], value: unknown): void {
  let node = tree;
  for (const key of path.slice(0, -1)) {
    if (typeof node[key] !== 'object' || node[key] === null || !Object.hasOwn(node, key)) node[key] = {};
    node = node[key] as Tree;
  }
  const last = path.at(-1);
  if (last !== undefined) node[last] = value;
}

/** The schema of a dotted path's value; null when there is no such key. */
export function schemaAt(schema: z.ZodType, path: string[]): z.ZodType | null {
  const [key, ...rest] = path;
  const inner = unwrap(schema);
  if (key === undefined) return inner;
  if (inner instanceof ZodObject) {
    const shape: Record<string, unknown> = inner.shape;
    return Object.hasOwn(shape, key) ? schemaAt(shape[key] as z.ZodType, rest) : null;
  }
  if (inner instanceof ZodRecord) {
    const value = unwrap(inner.valueType as z.ZodType);
    return value instanceof ZodObject ? schemaAt(value, rest) : value;
  }
  return null;
}

/** Keys that the map at this path may have; empty when any key is allowed. */
export function allowedKeys(schema: z.ZodType, path: string[]): string[] {
  const inner = schemaAt(schema, path);
  return inner instanceof ZodObject ? Object.keys(inner.shape) : [];
}

function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof ZodDefault || schema instanceof ZodPrefault || schema instanceof ZodOptional) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema;
}
