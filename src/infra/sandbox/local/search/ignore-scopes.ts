import { constants } from 'node:fs';
import { open } from 'node:fs/promises';
import { entryPath, locate } from '../files/locate.ts';
import type { WorkspaceDirectory } from '../files/workspace-directory.ts';
import {
  CRUSHIGNORE,
  DEFAULT_IGNORE_FILE,
  GITIGNORE,
  type IgnoreRules,
  parseIgnoreFile,
} from './ignore-rules.ts';
import { MAX_IGNORE_FILE_BYTES, MAX_IGNORE_FILES } from './limits.ts';

const OPEN_FILE = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK | constants.O_NOCTTY;

export interface IgnoreScope {
  /** The directory of the rules, from the workspace, with a slash at the end; `''` for itself. */
  base: string;
  rules: IgnoreRules;
}

export const defaultRules = parseIgnoreFile(DEFAULT_IGNORE_FILE);

/** The nearest file that says anything decides; then what holds for the whole workspace. */
export function isIgnored(
  path: string,
  isDirectory: boolean,
  scopes: readonly IgnoreScope[],
  last: readonly IgnoreRules[],
): boolean {
  for (let index = scopes.length - 1; index >= 0; index -= 1) {
    const scope = scopes[index];
    const answer = scope?.rules(path.slice(scope.base.length), isDirectory) ?? null;
    if (answer !== null) return answer;
  }
  for (const rules of last) {
    const answer = rules(path, isDirectory);
    if (answer !== null) return answer;
  }
  return false;
}

/** The rules of an ignore file in an open directory; null where there is none. */
export async function readRules(directoryFd: number, name: string): Promise<IgnoreRules | null> {
  const handle = await open(entryPath(directoryFd, name), OPEN_FILE).catch(() => null);
  if (handle === null) return null;
  try {
    const stat = await handle.stat();
    if (!stat.isFile() || stat.size > MAX_IGNORE_FILE_BYTES) return null;
    return parseIgnoreFile(await handle.readFile('utf8'));
  } catch {
    return null;
  } finally {
    await handle.close();
  }
}

/** Tells for single paths which of their parts a search leaves out: hidden and ignored ones. */
export function createLeftOutLookup(
  root: WorkspaceDirectory,
): (path: string, below: number) => Promise<string[]> {
  const known = new Map<string, Promise<IgnoreRules | null>>();

  function rulesIn(directory: readonly string[], name: string): Promise<IgnoreRules | null> {
    const key = [...directory, name].join('/');
    const rules = known.get(key) ?? readRulesAt(root, directory, name);
    known.set(key, rules);
    return rules;
  }

  return async (path, below) => {
    const parts = path.split('/');
    const crushignore = await rulesIn([], CRUSHIGNORE);
    const last = crushignore === null ? [defaultRules] : [crushignore, defaultRules];
    const scopes: IgnoreScope[] = [];
    const leftOut: string[] = [];
    for (const [index, part] of parts.entries()) {
      const directory = parts.slice(0, index);
      const rules = scopes.length < MAX_IGNORE_FILES ? await rulesIn(directory, GITIGNORE) : null;
      if (rules !== null) scopes.push({ base: directory.map((name) => `${name}/`).join(''), rules });
      if (index < below) continue;
      const here = parts.slice(0, index + 1).join('/');
      const isDirectory = index < parts.length - 1;
      if (part.startsWith('.') || isIgnored(here, isDirectory, scopes, last)) leftOut.push(part);
    }
    return leftOut;
  };
}

async function readRulesAt(
  root: WorkspaceDirectory,
  directory: readonly string[],
  name: string,
): Promise<IgnoreRules | null> {
  try {
    const place = locate(root, [...directory, name], { followLast: false });
    try {
      return place.stat === null ? null : await readRules(place.directoryFd, name);
    } finally {
      place.close();
    }
  } catch {
    return null;
  }
}
