import { closeSync, constants, fstatSync, openSync, readlinkSync, type Stats } from 'node:fs';
import { WorkspaceError } from '#domain/workspace/index.ts';

/** Names a file without opening it; Node does not export the constant. */
export const O_PATH = 0o10000000;
export const OPEN_DIRECTORY = O_PATH | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** The directory of a workspace: where it is, and which one it was when the workspace was opened. */
export interface WorkspaceDirectory {
  /** Absolute, free of symbolic links. */
  directory: string;
  /** At or above `directory`, and only the operator's to change: a listed root, or where all workspaces are. */
  base: string;
  identity: Pick<Stats, 'dev' | 'ino'>;
}

/**
 * A descriptor (`O_PATH`) of the workspace's directory, the caller's to close: from the base name by name, no link
 * followed. Throws `unavailable` when another directory is there now, and system errors.
 */
export function openWorkspaceDirectory(workspace: WorkspaceDirectory): number {
  const fd = openBelow(workspace.base, workspace.directory);
  const { dev, ino } = fstatSync(fd);
  if (dev === workspace.identity.dev && ino === workspace.identity.ino) return fd;
  closeSync(fd);
  throw hasMoved();
}

/** As above, for a directory that is at or below `base`, whichever one is there. */
export function openBelow(base: string, directory: string): number {
  let fd = openSync(base, OPEN_DIRECTORY);
  try {
    if (readlinkSync(`/proc/self/fd/${fd}`) !== base) throw hasMoved();
    const names = directory.slice(base.length).split('/').filter(Boolean);
    for (const name of names) {
      const next = openSync(`/proc/self/fd/${fd}/${name}`, OPEN_DIRECTORY);
      closeSync(fd);
      fd = next;
    }
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}

function hasMoved(): WorkspaceError {
  return new WorkspaceError('unavailable', 'The workspace directory has moved.');
}
