import { readFileSync } from 'node:fs';
import { isMap, isScalar, isSeq, LineCounter, type Node, type Pair, parseDocument, type Scalar } from 'yaml';
import type { z } from 'zod';
import { fileProblem } from '#shared/file-problem.ts';
import { fromScalar } from './coerce.ts';
import { configError } from './errors.ts';
import { expandHome } from './home.ts';
import type { Environment } from './paths.ts';
import { isPath } from './schema/fields.ts';
import { kindsOf, type Layer, schemaAt, type Tree } from './schema-tree.ts';

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)(?::-([^}]*))?\}/g;

/** The operator's file: YAML 1.2 with `${VAR}`, `${VAR:-default}` in strings and `*_file` keys. */
export function readConfigFile(path: string, env: Environment, schema: z.ZodType): Layer {
  const lines = new LineCounter();
  const document = parseDocument(readText(path), { lineCounter: lines, uniqueKeys: true });
  const problem = document.errors[0];
  if (problem) {
    const { line } = lines.linePos(problem.pos[0]);
    throw configError(
      `${path}:${line}: not valid YAML: ${problem.message.split('\n')[0]?.replace(/:$/, '')}`,
    );
  }
  const { contents } = document;
  const origins = new Map<string, string>();
  if (contents === null || (isScalar(contents) && contents.value === null)) return { values: {}, origins };
  if (!isMap(contents)) throw configError(`${path}:1: the file must be a map of keys`);
  const placeOf = (node: Node | null) =>
    node?.range ? `${path}:${lines.linePos(node.range[0]).line}` : path;
  return { values: toTree(contents, [], { env, schema, origins, placeOf }) as Tree, origins };
}

function readText(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw configError(`cannot read the configuration file ${path}: ${fileProblem(error)}`);
  }
}

interface FileContext {
  env: Environment;
  schema: z.ZodType;
  origins: Map<string, string>;
  placeOf: (node: Node | null) => string;
}

function toTree(node: unknown, path: string[], context: FileContext): unknown {
  if (isMap(node)) {
    const tree: Tree = Object.create(null);
    for (const pair of node.items) addPair(tree, pair, path, context);
    return tree;
  }
  if (isSeq(node)) return node.items.map((item, index) => toTree(item, [...path, String(index)], context));
  return isScalar(node) ? toValue(node, path, context) : null;
}

function addPair(tree: Tree, pair: Pair, path: string[], context: FileContext): void {
  const { origins } = context;
  const name = isScalar(pair.key) ? pair.key : null;
  const key = name ? (name.source ?? String(name.value)) : String(pair.key);
  const place = context.placeOf(name);
  const value = toTree(pair.value, [...path, key], context);
  const target = secretOf(key, path, context.schema);
  // A key whose lines are all comments is left at its default.
  if (value === null) return;
  if (target === null || typeof value !== 'string') {
    tree[key] = value;
    origins.set([...path, key].join('.'), place);
    return;
  }
  const named = `${place}: ${[...path, key].join('.')}`;
  if (Object.hasOwn(tree, target)) throw configError(`${named}: ${target} is given as well`);
  tree[target] = readSecretFile(expandHome(value, context.env, named), named);
  origins.set([...path, target].join('.'), `${place} (from ${value})`);
}

/** The key whose value stands in a file when this is `<key>_file`. */
function secretOf(key: string, path: string[], schema: z.ZodType): string | null {
  if (!key.endsWith('_file')) return null;
  const target = key.slice(0, -'_file'.length);
  const wanted = schemaAt(schema, [...path, target]);
  return wanted && kindsOf(wanted).has('string') ? target : null;
}

function toValue(node: Scalar, path: string[], context: FileContext): unknown {
  const wanted = schemaAt(context.schema, path);
  if (!wanted) return node.value;
  if (node.value === null) return node.source === '~' && isPath(wanted) ? '~' : null;
  const value =
    typeof node.value === 'string'
      ? interpolate(node.value, context.env, `${context.placeOf(node)}: ${path.join('.')}`)
      : node.value;
  return fromScalar(value, node.source, wanted);
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
