import { type ChildProcess, spawn } from 'node:child_process';
import { closeSync, existsSync } from 'node:fs';
import type { WorkspaceLocation } from '../driver.ts';
import { openWorkspaceDirectory } from '../files/workspace-directory.ts';

/** What a project holds on disk: allocated bytes, and inodes of any kind. */
export interface Usage {
  bytes: number;
  files: number;
}

/** `unreadable`: parts were closed to the server, so that nothing is known. Null: it could not be measured now. */
export type Measured = Usage | 'unreadable' | null;

const WORKSPACE_FD = 3;
const KIBIBYTE = 1024;
export const MAX_MEASURING_MS = 120_000;
const MAX_ERROR_BYTES = 64 * KIBIBYTE;

/**
 * Walks workspace, home and /tmp of a project by du(1) in processes of their own: it knows hard links, counts what
 * sparse files really take, and copes with any depth.
 */
export async function measureUsage(
  location: WorkspaceLocation,
  duPath: string,
  signal: AbortSignal,
): Promise<Measured> {
  const [bytes, files] = await Promise.all([
    run(location, duPath, ['-skxc'], signal),
    run(location, duPath, ['--inodes', '-sxc'], signal),
  ]);
  if (bytes === 'unreadable' || files === 'unreadable') return 'unreadable';
  return bytes === null || files === null ? null : { bytes: bytes * KIBIBYTE, files };
}

async function run(
  location: WorkspaceLocation,
  duPath: string,
  options: readonly string[],
  signal: AbortSignal,
): Promise<number | 'unreadable' | null> {
  const child = start(location, duPath, options, signal);
  if (child === null) return null;
  const [out, err] = [collect(child, 'stdout'), collect(child, 'stderr')];
  const ended = await new Promise<boolean>((resolve) => {
    child.once('error', () => resolve(false));
    child.once('close', (_, killed) => resolve(killed === null));
  });
  if (!ended) return null;
  if (err().includes('Permission denied')) return 'unreadable';
  const total = /^(\d+)\ttotal$/m.exec(out())?.[1];
  return total === undefined ? null : Number(total);
}

function start(
  location: WorkspaceLocation,
  duPath: string,
  options: readonly string[],
  signal: AbortSignal,
): ChildProcess | null {
  const others = [location.home, location.tmp].filter((path) => existsSync(path));
  let fd: number;
  try {
    fd = openWorkspaceDirectory(location);
  } catch {
    return null;
  }
  try {
    return spawn(duPath, [...options, '--', `/proc/self/fd/${WORKSPACE_FD}/.`, ...others], {
      stdio: ['ignore', 'pipe', 'pipe', fd],
      env: { LC_ALL: 'C' },
      cwd: '/',
      signal,
      timeout: MAX_MEASURING_MS,
      killSignal: 'SIGKILL',
    });
  } catch {
    return null;
  } finally {
    closeSync(fd);
  }
}

function collect(child: ChildProcess, name: 'stdout' | 'stderr'): () => string {
  let text = '';
  child[name]?.on('data', (chunk: Buffer) => {
    if (text.length < MAX_ERROR_BYTES) text += chunk.toString('latin1');
  });
  return () => text;
}
