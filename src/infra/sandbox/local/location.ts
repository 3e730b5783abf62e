import { createHash } from 'node:crypto';
import { chownSync, lstatSync, mkdirSync, readFileSync, realpathSync } from 'node:fs';
import { join } from 'node:path';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { isId } from '#shared/ids.ts';
import type { WorkspaceLocation } from './driver.ts';

export interface Locations {
  /** The location of an existing workspace. */
  find(projectId: string, root: string | null): WorkspaceLocation;
  /** Makes the directory when it is the default one and missing. */
  create(projectId: string, root: string | null): WorkspaceLocation;
}

export interface LocationsDeps {
  dataDir: string;
  workspaceRoots: readonly string[];
  serverUid: number;
  /** Whether commands get a user of their own where the server can give them one. */
  separateUsers: boolean;
}

/** Throws `refused` for ids and roots that are not acceptable, `not_found` for missing directories. */
export function createLocations(deps: LocationsDeps): Locations {
  const dataDir = realpathSync(deps.dataDir);
  const workspaces = join(dataDir, 'workspaces');
  mkdirSync(workspaces, { recursive: true, mode: 0o711 });

  function directoryOf(projectId: string, root: string | null): string {
    if (!isId(projectId)) throw new WorkspaceError('refused', 'The project id is not valid.');
    return root === null ? join(workspaces, projectId) : listedDirectory(root, deps.workspaceRoots, dataDir);
  }

  function find(projectId: string, root: string | null): WorkspaceLocation {
    const directory = directoryOf(projectId, root);
    const stat = lstatSync(directory, { throwIfNoEntry: false });
    if (!stat?.isDirectory()) throw new WorkspaceError('not_found', 'The workspace does not exist.');
    return { projectId, directory, uid: stat.uid, gid: stat.gid, ...scratchPaths(dataDir, projectId) };
  }

  return {
    find,
    create(projectId, root) {
      const directory = directoryOf(projectId, root);
      if (root === null && lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
        mkdirSync(directory, { recursive: true, mode: 0o750 });
        if (deps.separateUsers && deps.serverUid === 0) {
          const uid = userFor(projectId);
          chownSync(directory, uid, uid);
        }
      }
      return find(projectId, root);
    },
  };
}

/** Where a project's home and /tmp are: beside its workspace, in a directory that only the server enters. */
export function scratchPaths(dataDir: string, projectId: string): Pick<WorkspaceLocation, 'home' | 'tmp'> {
  const own = join(dataDir, 'homes', projectId);
  return { home: join(own, 'home'), tmp: join(own, 'tmp') };
}

/** A directory at or below one that the operator listed; never one from which the server's own data is reached. */
function listedDirectory(root: string, listed: readonly string[], dataDir: string): string {
  const directory = realpathOrNull(root);
  if (directory === null) throw new WorkspaceError('not_found', 'The workspace root does not exist.');
  const allowed = listed.some((entry) => {
    const real = realpathOrNull(entry);
    return real !== null && isAtOrBelow(directory, real);
  });
  if (!allowed) throw new WorkspaceError('refused', 'The directory is not below a listed workspace root.');
  if (isAtOrBelow(dataDir, directory) || isAtOrBelow(directory, dataDir)) {
    throw new WorkspaceError('refused', "A workspace root may not hold the server's data directory.");
  }
  return directory;
}

function realpathOrNull(path: string): string | null {
  try {
    return realpathSync(path);
  } catch {
    return null;
  }
}

function isAtOrBelow(path: string, parent: string): boolean {
  return path === parent || path.startsWith(parent.endsWith('/') ? parent : `${parent}/`);
}

const FULL_RANGE = { base: 1_500_000_000, size: 1 << 24 };
/** In a container that maps 65536 users. */
const CONTAINER_RANGE = { base: 20_000, size: 40_000 };

/** A host user for a project, so that limits and permissions keep projects apart; two may share one by chance. */
export function userFor(projectId: string): number {
  const { base, size } =
    highestMappedUser() >= FULL_RANGE.base + FULL_RANGE.size ? FULL_RANGE : CONTAINER_RANGE;
  return base + (createHash('sha256').update(projectId).digest().readUInt32BE(0) % size);
}

function highestMappedUser(): number {
  const lines = readFileSync('/proc/self/uid_map', 'utf8').trim().split('\n');
  return Math.max(
    ...lines.map((line) => {
      const [inside = 0, , count = 0] = line.trim().split(/\s+/).map(Number);
      return inside + count - 1;
    }),
  );
}
