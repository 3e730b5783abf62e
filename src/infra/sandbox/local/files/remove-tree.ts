import { constants } from 'node:fs';
import { open, rmdir, unlink } from 'node:fs/promises';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { errorCode } from './file-errors.ts';
import { entryPath } from './locate.ts';
import { readNames } from './read-directory.ts';

/** Each level holds a descriptor. */
const MAX_DEPTH = 128;
const OPEN_DIRECTORY = constants.O_RDONLY | constants.O_DIRECTORY | constants.O_NOFOLLOW;

/** Removes an entry of an open directory and all below it; links are removed, never followed. */
export async function removeTree(
  directoryFd: number,
  name: string,
  signal: AbortSignal | undefined,
  depth = 0,
): Promise<void> {
  signal?.throwIfAborted();
  if (depth > MAX_DEPTH) throw new WorkspaceError('refused', 'The directory is nested too deeply.');
  const path = entryPath(directoryFd, name);
  try {
    await unlink(path);
    return;
  } catch (error) {
    const code = errorCode(error);
    if (code === 'ENOENT') return;
    if (code !== 'EISDIR' && code !== 'EPERM') throw error;
  }
  await emptyDirectory(path, signal, depth);
  await rmdir(path);
}

async function emptyDirectory(path: string, signal: AbortSignal | undefined, depth: number): Promise<void> {
  const handle = await open(path, OPEN_DIRECTORY);
  try {
    for (;;) {
      const { entries, truncated } = await readNames(handle.fd, signal);
      for (const entry of entries) await removeTree(handle.fd, entry.name, signal, depth + 1);
      if (!truncated) return;
    }
  } finally {
    await handle.close();
  }
}
