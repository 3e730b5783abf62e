import { homedir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { configError } from './errors.ts';
import type { Environment } from './paths.ts';
import { isPath } from './schema/fields.ts';
import { isTree, schemaAt } from './schema-tree.ts';

/** `~` and `~/x` are the home directory. Throws `FatalError` for the home directories of others. */
export function expandHome(path: string, env: Environment, place: string): string {
  if (!path.startsWith('~')) return path;
  if (path !== '~' && !path.startsWith('~/')) {
    const [name] = path.split('/');
    throw configError(
      `${place}: ${name} is not understood: only ~ itself is a home directory, write the path in full`,
    );
  }
  return join(env.HOME || homedir(), path.slice(1));
}

/** The same tree with `~` expanded in every text that the schema calls a path. */
export function expandPaths(
  value: unknown,
  schema: z.ZodType,
  expand: (path: string, key: readonly string[]) => string,
  key: readonly string[] = [],
): unknown {
  if (typeof value === 'string') {
    const own = schemaAt(schema, key);
    return own && isPath(own) ? expand(value, key) : value;
  }
  if (Array.isArray(value)) {
    return value.map((item: unknown, index) => expandPaths(item, schema, expand, [...key, String(index)]));
  }
  if (!isTree(value)) return value;
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [name, expandPaths(item, schema, expand, [...key, name])]),
  );
}
