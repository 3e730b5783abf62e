import { statfs } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { WorkspaceLocation } from '../driver.ts';

/** What is free on the file systems of a project, the least of them. */
export interface FreeSpace {
  bytes: number;
  files: number;
}

/** Some microseconds in another thread. Unlimited where the kernel tells nothing. */
export async function freeSpace(location: WorkspaceLocation): Promise<FreeSpace> {
  const places = [location.directory, dirname(dirname(location.home))];
  const free = await Promise.all(places.map(freeAt));
  return {
    bytes: Math.min(...free.map(({ bytes }) => bytes)),
    files: Math.min(...free.map(({ files }) => files)),
  };
}

export async function freeAt(path: string): Promise<FreeSpace> {
  try {
    const { bsize, bavail, files, ffree } = await statfs(path);
    // Some file systems make inodes as they are needed.
    return { bytes: bavail * bsize, files: files === 0 ? Number.POSITIVE_INFINITY : ffree };
  } catch {
    return { bytes: Number.POSITIVE_INFINITY, files: Number.POSITIVE_INFINITY };
  }
}
