import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { resolve } from 'node:path';
import type { z } from 'zod';
import { readEnvironment } from './environment-layer.ts';
import { configError } from './errors.ts';
import { readConfigFile } from './file-layer.ts';
import { expandHome, expandPaths } from './home.ts';
import { CONFIG_FILE_CANDIDATES, defaultDataDir, type Environment } from './paths.ts';
import { ConfigSchema, type ConfigValues } from './schema/index.ts';
import { allowedKeys, emptyTree, isTree, type Layer, setPath, type Tree } from './schema-tree.ts';

export interface Config extends ConfigValues {
  /** Absolute. */
  data_dir: string;
  /** CRUSH_CWD or --cwd: the directory that the default project works in. */
  cwd: string | null;
}

export interface LoadedConfig {
  config: Config;
  /** The file that was read, if any. */
  file: string | null;
  /** Dotted path → where the value came from; paths that are not here hold their default. */
  origins: ReadonlyMap<string, string>;
}

export interface ConfigOverride {
  /** Dotted path of the key. */
  key: string;
  value: unknown;
  /** The flag as the user wrote it. */
  flag: string;
}

export interface LoadOptions {
  /** `--config`. */
  file?: string;
  overrides?: readonly ConfigOverride[];
  cwd?: string;
  env?: Environment;
}

/** Reads and checks everything. Throws `FatalError` (exit code 2) with one line. */
export function loadConfig(options: LoadOptions = {}): LoadedConfig {
  const env = options.env ?? process.env;
  const file = fileOf(options, env);
  const { values, origins } = overlay([
    ...(file ? [readConfigFile(file, env, ConfigSchema)] : []),
    readEnvironment(env, ConfigSchema),
    fromOverrides(options.overrides ?? []),
  ]);
  const inHome = (path: string, key: readonly string[]) =>
    expandHome(path, env, `${placeOf(key, origins)}${key.join('.')}`);
  const parsed = ConfigSchema.safeParse(expandPaths(values, ConfigSchema, inHome));
  if (!parsed.success) throw configError(describeIssue(parsed.error.issues[0], values, origins));
  const config: Config = {
    ...parsed.data,
    data_dir: resolve(parsed.data.data_dir || defaultDataDir(env, homedir())),
    cwd: cwdOf(options, env),
  };
  return { config: deepFreeze(config), file, origins };
}

function fileOf({ file }: LoadOptions, env: Environment): string | null {
  if (file !== undefined) return expandHome(file, env, '--config');
  return CONFIG_FILE_CANDIDATES.find((candidate) => existsSync(candidate)) ?? null;
}

function cwdOf({ cwd }: LoadOptions, env: Environment): string | null {
  if (cwd) return resolve(expandHome(cwd, env, '--cwd'));
  return env.CRUSH_CWD ? resolve(expandHome(env.CRUSH_CWD, env, 'CRUSH_CWD')) : null;
}

function overlay(layers: readonly Layer[]): Layer {
  const values = emptyTree();
  const origins = new Map<string, string>();
  for (const layer of layers) {
    merge(values, layer.values, (path) => `${placeOf(path, layer.origins)}${path.join('.')}: unknown key`);
    for (const [path, origin] of layer.origins) origins.set(path, origin);
  }
  return { values, origins };
}

function fromOverrides(overrides: readonly ConfigOverride[]): Layer {
  const layer: Layer = { values: emptyTree(), origins: new Map() };
  for (const { key, value, flag } of overrides) {
    setPath(layer.values, key.split('.'), value);
    layer.origins.set(key, flag);
  }
  return layer;
}

/** Copies, so that every map has only keys of its own; `__proto__` is none that any section could mean. */
function merge(
  target: Tree,
  source: Tree,
  refusal: (path: string[]) => string,
  path: readonly string[] = [],
): void {
  for (const [key, value] of Object.entries(source)) {
    const here = [...path, key];
    if (key === '__proto__') throw configError(refusal(here));
    const present = target[key];
    if (!isTree(value)) target[key] = value;
    else {
      const inner = isTree(present) ? present : emptyTree();
      target[key] = inner;
      merge(inner, value, refusal, here);
    }
  }
}

function describeIssue(
  issue: z.core.$ZodIssue | undefined,
  values: Tree,
  origins: ReadonlyMap<string, string>,
): string {
  if (!issue) return 'the configuration is not valid';
  const unknownKey = issue.code === 'unrecognized_keys' ? issue.keys[0] : undefined;
  const path = [...issue.path.map(String), ...(unknownKey === undefined ? [] : [unknownKey])];
  const place = placeOf(path, origins);
  const key = path.join('.') || 'the configuration';
  if (unknownKey !== undefined) {
    const allowed = allowedKeys(ConfigSchema, path.slice(0, -1));
    return `${place}${key}: unknown key (allowed: ${allowed.join(', ')})`;
  }
  const inner = issue.code === 'invalid_union' ? issue.errors.flat()[0]?.message : undefined;
  return `${place}${key}: ${inner ?? issue.message}${received(path, values)}`;
}

function received(path: string[], values: Tree): string {
  let node: unknown = values;
  for (const key of path) node = isTree(node) ? node[key] : undefined;
  const secret = /key|secret|password|token|url/.test(path.at(-1) ?? '');
  if (secret || node === undefined || typeof node === 'object') return '';
  return ` (got ${JSON.stringify(node)})`;
}

/** The nearest ancestor that was given somewhere. */
function placeOf(path: readonly string[], origins: ReadonlyMap<string, string>): string {
  for (let length = path.length; length > 0; length--) {
    const origin = origins.get(path.slice(0, length).join('.'));
    if (origin) return `${origin}: `;
  }
  return '';
}

function deepFreeze<T>(value: T): T {
  if (typeof value === 'object' && value !== null && !Object.isFrozen(value)) {
    Object.freeze(value);
    for (const child of Object.values(value)) deepFreeze(child);
  }
  return value;
}
