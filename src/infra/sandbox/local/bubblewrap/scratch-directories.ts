import { chmodSync, chownSync, existsSync, lstatSync, mkdirSync } from 'node:fs';
import { dirname } from 'node:path';
import type { WorkspaceLocation } from '../driver.ts';
import { removeDirectory, removeQuietly, setAside } from '../files/remove-directory.ts';

/** Homes and `/tmp` of projects. */
export interface ScratchDirectories {
  /** Makes what is missing, and at a server's first use empties `/tmp`. The caller holds the workspace's lock. */
  prepare(location: WorkspaceLocation): Promise<void>;
  remove(location: WorkspaceLocation): Promise<void>;
  close(): Promise<void>;
}

export function createScratchDirectories(serverUid: number): ScratchDirectories {
  const prepared = new Map<string, Promise<void>>();
  const removing = new Set<Promise<void>>();

  async function make(location: WorkspaceLocation): Promise<void> {
    mkdirSync(dirname(location.home), { recursive: true, mode: 0o700 });
    if (existsSync(location.tmp)) {
      const trash = await setAside(location.tmp);
      const done = removeQuietly(trash).finally(() => removing.delete(done));
      removing.add(done);
    }
    makeFor(location, location.tmp, 0o1777);
    makeFor(location, location.home, 0o700);
  }

  function makeFor({ uid, gid }: WorkspaceLocation, directory: string, mode: number): void {
    if (!existsSync(directory)) {
      mkdirSync(directory);
      chmodSync(directory, mode);
    }
    if (serverUid === 0 && lstatSync(directory).uid !== uid) chownSync(directory, uid, gid);
  }

  return {
    prepare(location) {
      const { projectId } = location;
      const known = prepared.get(projectId);
      if (known !== undefined) return known;
      const made = make(location);
      prepared.set(projectId, made);
      made.catch(() => prepared.delete(projectId));
      return made;
    },
    async remove({ projectId, home }) {
      await prepared.get(projectId)?.catch(() => {});
      prepared.delete(projectId);
      if (existsSync(dirname(home))) await removeDirectory(dirname(home));
    },
    async close() {
      await Promise.all(removing);
    },
  };
}
