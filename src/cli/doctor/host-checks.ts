import { execFile } from 'node:child_process';
import { existsSync, mkdtempSync, rmdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import type { LoadedConfig } from '#config/load.ts';
import { broken, type Check, lacking, well } from './check.ts';

const run = promisify(execFile);
const PROGRAM_TIMEOUT_MS = 10_000;
const MIN_NODE = { major: 20, minor: 19 } as const;

export function checkNode(version: string): Check {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  const isOld = major < MIN_NODE.major || (major === MIN_NODE.major && minor < MIN_NODE.minor);
  const wanted = `${MIN_NODE.major}.${MIN_NODE.minor}`;
  return isOld
    ? broken('Node.js', `${version} is too old: install ${wanted} or newer`)
    : well('Node.js', version);
}

export function checkConfiguration({ file }: LoadedConfig): Check {
  return well('configuration', file ?? 'no file: defaults, environment and flags');
}

/** Nothing stays behind; a directory that is missing is made at the first start. */
export function checkDataDirectory(directory: string): Check {
  const name = 'data directory';
  try {
    const existing = nearestExisting(directory);
    if (!statSync(existing).isDirectory()) {
      return broken(name, `${existing} is not a directory: set data_dir or --data-dir`);
    }
    rmdirSync(mkdtempSync(join(existing, '.doctor-')));
    return well(name, existing === directory ? directory : `${directory} will be made at the first start`);
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? String(error.code) : 'error';
    return broken(name, `${directory} is not writable (${code}): change its owner, data_dir or --data-dir`);
  }
}

function nearestExisting(path: string): string {
  return existsSync(path) || dirname(path) === path ? path : nearestExisting(dirname(path));
}

export async function checkGit(): Promise<Check> {
  try {
    const { stdout } = await run('git', ['--version'], { timeout: PROGRAM_TIMEOUT_MS });
    return well('git', stdout.trim().replace(/^git version /, ''));
  } catch {
    return lacking(
      'git',
      'not installed, so projects cannot begin as a clone and show no diffs: apt install git',
    );
  }
}
