import {
  ZodArray,
  ZodDefault,
  ZodObject,
  ZodOptional,
  ZodPipe,
  ZodPrefault,
  ZodRecord,
  ZodUnion,
  type z,
} from 'zod';

export type Tree = { [key: string]: unknown };

/** One layer of configuration: values, and where each came from (dotted path → place). */
export interface Layer {
  values: Tree;
  origins: Map<string, string>;
}

export function isTree(value: unknown): value is Tree {
  return value !== null && typeof value === 'object' && !Array.isArray(value);
}

/** Without a prototype: whatever its keys are, they are only its own. */
export function emptyTree(): Tree {
  return Object.create(null) as Tree;
}

export function setPath(tree: Tree, path: readonly string[], value: unknown): void {
  let node = tree;
  for (const key of path.slice(0, -1)) {
    const present = node[key];
    const next = isTree(present) && Object.hasOwn(node, key) ? present : emptyTree();
    node[key] = next;
    node = next;
  }
  const last = path.at(-1);
  if (last !== undefined) node[last] = value;
}

/** The schema of a dotted path's value; null when there is no such key. */
export function schemaAt(schema: z.ZodType, path: readonly string[]): z.ZodType | null {
  const [key, ...rest] = path;
  const inner = unwrap(schema);
  if (key === undefined) return inner;
  if (inner instanceof ZodObject) {
    const shape: Record<string, unknown> = inner.shape;
    return Object.hasOwn(shape, key) ? schemaAt(shape[key] as z.ZodType, rest) : null;
  }
  if (inner instanceof ZodArray) return schemaAt(inner.element as z.ZodType, rest);
  if (inner instanceof ZodUnion) {
    const list = alternatives(inner).find((option) => option instanceof ZodArray);
    return list ? schemaAt(list, path) : null;
  }
  if (inner instanceof ZodRecord) {
    const value = unwrap(inner.valueType as z.ZodType);
    return value instanceof ZodObject ? schemaAt(value, rest) : value;
  }
  return null;
}

/** Keys that the map at this path may have; empty when any key is allowed. */
export function allowedKeys(schema: z.ZodType, path: readonly string[]): string[] {
  const inner = schemaAt(schema, path);
  return inner instanceof ZodObject ? Object.keys(inner.shape) : [];
}

/** What kinds of value a schema takes. */
export function kindsOf(schema: z.ZodType): ReadonlySet<z.ZodType['def']['type']> {
  return new Set(alternatives(unwrap(schema)).map(({ def }) => def.type));
}

/** Without defaults and what is made of a value afterwards. */
export function unwrap(schema: z.ZodType): z.ZodType {
  if (schema instanceof ZodDefault || schema instanceof ZodPrefault || schema instanceof ZodOptional) {
    return unwrap(schema.unwrap() as z.ZodType);
  }
  return schema instanceof ZodPipe ? unwrap(schema.in as z.ZodType) : schema;
}

function alternatives(schema: z.ZodType): z.ZodType[] {
  if (!(schema instanceof ZodUnion)) return [schema];
  return schema.options.flatMap((option) => alternatives(unwrap(option as z.ZodType)));
}

export interface Leaf {
  /** Dotted; `*` stands for any key of a record or any place in a list. */
  name: string;
  path: readonly string[];
  /** With its default and description. */
  schema: z.ZodType;
  kinds: ReadonlySet<z.ZodType['def']['type']>;
}

/** Every key that holds a value, in the order of the schema. */
export function leavesOf(schema: z.ZodType, path: readonly string[] = []): Leaf[] {
  const inner = unwrap(schema);
  if (inner instanceof ZodObject) {
    const shape: Record<string, unknown> = inner.shape;
    return Object.entries(shape).flatMap(([key, child]) => leavesOf(child as z.ZodType, [...path, key]));
  }
  const child = childOf(inner);
  if (child && unwrap(child) instanceof ZodObject) return leavesOf(child, [...path, '*']);
  return [{ name: path.join('.'), path, schema, kinds: kindsOf(schema) }];
}

function childOf(inner: z.ZodType): z.ZodType | null {
  if (inner instanceof ZodArray) return inner.element as z.ZodType;
  return inner instanceof ZodRecord ? (inner.valueType as z.ZodType) : null;
}
