import type { z } from 'zod';
import { fromText } from './coerce.ts';
import { configError } from './errors.ts';
import type { Environment } from './paths.ts';
import { emptyTree, type Layer, schemaAt, setPath } from './schema-tree.ts';

/** Variables with names of their own. */
export const PLAIN_VARIABLES: ReadonlyArray<readonly [variable: string, path: string]> = [
  ['DATABASE_URL', 'database.url'],
  ['REDIS_URL', 'redis.url'],
  ['CRUSH_DATA_DIR', 'data_dir'],
  ['CRUSH_PROFILE', 'profile'],
  ['CRUSH_YOLO', 'permissions.skip_requests'],
];

/** `CRUSH_SERVER__HTTP_PORT=9000` and the few variables with names of their own; empty ones count as not set. */
export function readEnvironment(env: Environment, schema: z.ZodType): Layer {
  const layer: Layer = { values: emptyTree(), origins: new Map() };
  const set = (variable: string, path: string[], text: string) => {
    const wanted = schemaAt(schema, path);
    if (!wanted) throw configError(`${variable}: ${path.join('.')} is not a configuration key`);
    setPath(layer.values, path, fromText(text, wanted));
    layer.origins.set(path.join('.'), variable);
  };
  for (const [variable, path] of PLAIN_VARIABLES) {
    const text = env[variable];
    if (text) set(variable, path.split('.'), text);
  }
  for (const [variable, text] of Object.entries(env)) {
    if (!text || !variable.startsWith('CRUSH_') || !variable.includes('__')) continue;
    set(variable, variable.slice('CRUSH_'.length).toLowerCase().split('__'), text);
  }
  return layer;
}
