import { closeSync, fstatSync, lstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { errorCode } from './file-errors.ts';
import { storedName } from './stored-name.ts';
import { OPEN_DIRECTORY, openWorkspaceDirectory, type WorkspaceDirectory } from './workspace-directory.ts';
import { namesBelowRoot, outside } from './workspace-path.ts';

/** As many links as the kernel follows. */
const MAX_LINKS = 40;

/** A place in the workspace, by the descriptor of its directory and a name there. */
export interface Located {
  /** Belongs to whoever located; closed with `close`. */
  directoryFd: number;
  /** Null for the workspace itself. */
  name: string | null;
  /** From the workspace, links resolved. */
  names: readonly string[];
  /** Of the place itself, a link not followed; null when there is nothing. */
  stat: Stats | null;
  close(): void;
}

/** How to name an entry of an open directory so that nothing on the way to it is looked up again. */
export function entryPath(directoryFd: number, name: string | null): string {
  return `/proc/self/fd/${directoryFd}/${name ?? '.'}`;
}

export interface LocateOptions {
  followLast: boolean;
  /** Makes a directory that is missing on the way. */
  createDirectory?: (directoryFd: number, name: string) => void;
}

interface Step {
  /** Null for a directory that is not there, below which there can be nothing. */
  fd: number | null;
  name: string;
}

/**
 * Walks from `root` name by name, each by the descriptor of the one before. Links are followed by hand and only
 * within the workspace. Synchronous: some microseconds for each name. Throws system errors and `WorkspaceError`.
 */
export function locate(root: WorkspaceDirectory, path: readonly string[], options: LocateOptions): Located {
  const rootFd = openWorkspaceDirectory(root);
  const steps: Step[] = [];
  try {
    const name = walk(rootFd, steps, [...path], { ...options, imagines: false });
    const directoryFd = steps.at(-1)?.fd ?? rootFd;
    if (!isInside(root.directory, directoryFd)) throw outside();
    const stat =
      name === null
        ? fstatSync(directoryFd)
        : (lstatSync(entryPath(directoryFd, name), { throwIfNoEntry: false }) ?? null);
    let open = true;
    return {
      directoryFd,
      name,
      names: [...steps.map((step) => step.name), ...(name === null ? [] : [name])],
      stat,
      close() {
        if (open) closeAll(rootFd, steps);
        open = false;
      },
    };
  } catch (error) {
    closeAll(rootFd, steps);
    throw error;
  }
}

/** The names to where a file at `path` would be written, links followed; missing directories count as made. */
export function resolveLinks(root: WorkspaceDirectory, path: readonly string[]): string[] {
  const rootFd = openWorkspaceDirectory(root);
  const steps: Step[] = [];
  try {
    const name = walk(rootFd, steps, [...path], { followLast: true, imagines: true });
    const last = steps.findLast(({ fd }) => fd !== null)?.fd ?? rootFd;
    if (!isInside(root.directory, last)) throw outside();
    return [...steps.map((step) => step.name), ...(name === null ? [] : [name])];
  } finally {
    closeAll(rootFd, steps);
  }
}

/** Leaves the directories on the way in `steps`; returns the last name, null when the way ends in a directory. */
function walk(
  rootFd: number,
  steps: Step[],
  pending: string[],
  options: LocateOptions & { imagines: boolean },
): string | null {
  let links = 0;
  for (let written = pending.shift(); written !== undefined; written = pending.shift()) {
    if (written === '..') {
      const left = steps.pop();
      if (left === undefined) throw outside();
      if (left.fd !== null) closeSync(left.fd);
      continue;
    }
    const above = steps.at(-1);
    if (above?.fd === null) {
      if (pending.length === 0) return written;
      steps.push({ fd: null, name: written });
      continue;
    }
    const directoryFd = above?.fd ?? rootFd;
    const name = storedName(directoryFd, written);
    const target = linkTarget(directoryFd, name, pending.length > 0 || options.followLast);
    if (target !== null) {
      links += 1;
      if (links > MAX_LINKS) throw new WorkspaceError('refused', 'Too many symbolic links.');
      if (target.startsWith('/')) closeSteps(steps);
      pending.unshift(...namesBelowRoot(target));
      continue;
    }
    if (pending.length === 0) return name;
    steps.push({ fd: enter(directoryFd, name, options), name });
  }
  return null;
}

function linkTarget(directoryFd: number, name: string, follow: boolean): string | null {
  if (!follow) return null;
  const path = entryPath(directoryFd, name);
  try {
    return readlinkSync(path);
  } catch (error) {
    const code = errorCode(error);
    if (code === 'EINVAL' || code === 'ENOENT') return null;
    throw error;
  }
}

function enter(
  directoryFd: number,
  name: string,
  { createDirectory: create, imagines }: LocateOptions & { imagines: boolean },
): number | null {
  const path = entryPath(directoryFd, name);
  try {
    return openSync(path, OPEN_DIRECTORY);
  } catch (error) {
    if (errorCode(error) !== 'ENOENT') throw error;
    if (imagines) return null;
    if (create === undefined) throw error;
  }
  create(directoryFd, name);
  return openSync(path, OPEN_DIRECTORY);
}

/** Where the kernel says that the directory is now; one that was moved out or removed is not inside. */
function isInside(root: string, fd: number): boolean {
  const actual = readlinkSync(`/proc/self/fd/${fd}`);
  return actual === root || actual.startsWith(`${root}/`);
}

function closeSteps(steps: Step[]): void {
  for (const { fd } of steps.splice(0)) if (fd !== null) closeSync(fd);
}

function closeAll(rootFd: number, steps: Step[]): void {
  closeSteps(steps);
  closeSync(rootFd);
}
