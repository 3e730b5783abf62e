import { spawn } from 'node:child_process';
import { rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { newId } from '#shared/ids.ts';

/** Out of sight at once; rm(1) does the rest, because it copes with any depth. */
export async function removeDirectory(directory: string): Promise<void> {
  await removeQuietly(await setAside(directory));
}

/** Frees the name of a directory; returns the one that it has now, beside it. */
export async function setAside(directory: string): Promise<string> {
  const trash = join(dirname(directory), `.removed-${newId()}`);
  await rename(directory, trash);
  return trash;
}

export function removeQuietly(path: string): Promise<void> {
  return new Promise((resolve) => {
    const child = spawn('/bin/rm', ['-rf', '--', path], { stdio: 'ignore', env: {} });
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
}
