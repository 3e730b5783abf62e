import { accessSync, closeSync, constants, openSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { newId } from '#shared/ids.ts';

/** Memory, so that a full disk keeps nobody from the command that makes room. */
const SHARED_MEMORY = '/dev/shm';

/** A place for files that live for milliseconds and have no name by then. */
export function recordDirectory(fallback: string): string {
  try {
    accessSync(SHARED_MEMORY, constants.W_OK | constants.X_OK);
    return SHARED_MEMORY;
  } catch {
    return fallback;
  }
}

/**
 * A file without a name that holds the words, each closed by NUL. Another process opens it by this descriptor and
 * keeps what it has opened when the descriptor is closed here.
 */
export function openRecords(directory: string, words: readonly string[]): number {
  const path = join(directory, `crush-${newId()}`);
  const fd = openSync(path, 'wx+', 0o600);
  try {
    unlinkSync(path);
    writeFileSync(fd, words.map((word) => `${word}\0`).join(''));
    return fd;
  } catch (error) {
    closeSync(fd);
    throw error;
  }
}
