import { createHash } from 'node:crypto';
import {
  chownSync,
  closeSync,
  fstatSync,
  lstatSync,
  mkdirSync,
  readFileSync,
  realpathSync,
  type Stats,
} from 'node:fs';
import { join } from 'node:path';
import { WorkspaceError } from '#domain/workspace/index.ts';
import { isId } from '#shared/ids.ts';
import type { WorkspaceLocation } from './driver.ts';
import { openBelow } from './files/workspace-directory.ts';

export interface Locations {
  /** The location of an existing workspace. */
  find(projectId: string, root: string | null): WorkspaceLocation;
  /**
   * Makes the directory when it is the default one and missing. A listed one may be named through links; `root` is
   * its name without any, by which it is found from then on.
   */
  create(projectId: string, root: string | null): { root: string | null };
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
  const becomesOwner = deps.separateUsers && deps.serverUid === 0;

  function placeOf(projectId: string, root: string | null): Place {
    if (!isId(projectId)) throw new WorkspaceError('refused', 'The project id is not valid.');
    if (root !== null) return listedPlace(root, deps.workspaceRoots, dataDir);
    return { base: workspaces, directory: join(workspaces, projectId) };
  }

  function find(projectId: string, root: string | null): WorkspaceLocation {
    const place = placeOf(projectId, root);
    const { uid, gid, dev, ino } = statDirectory(place);
    if (becomesOwner && uid === 0) throw ownedByRoot(root ?? `<data_dir>/workspaces/${projectId}`);
    // The group of root is as much of a danger as its user.
    const owner = { uid, gid: becomesOwner && gid === 0 ? uid : gid };
    return { projectId, ...place, identity: { dev, ino }, ...owner, ...scratchPaths(dataDir, projectId) };
  }

  return {
    find,
    create(projectId, root) {
      if (root !== null) {
        const canonical = realpathOrNull(root);
        if (canonical === null) throw new WorkspaceError('not_found', 'The workspace root does not exist.');
        return { root: find(projectId, canonical).directory };
      }
      const { directory } = placeOf(projectId, null);
      if (lstatSync(directory, { throwIfNoEntry: false }) === undefined) {
        mkdirSync(directory, { recursive: true, mode: 0o750 });
        if (becomesOwner) chownSync(directory, userFor(projectId), userFor(projectId));
      }
      find(projectId, null);
      return { root: null };
    },
  };
}

/** Where a project's home and /tmp are: beside its workspace, in a directory that only the server enters. */
export function scratchPaths(dataDir: string, projectId: string): Pick<WorkspaceLocation, 'home' | 'tmp'> {
  const own = join(dataDir, 'homes', projectId);
  return { home: join(own, 'home'), tmp: join(own, 'tmp') };
}

type Place = Pick<WorkspaceLocation, 'base' | 'directory'>;

/** A directory at or below one that the operator listed; never one from which the server's own data is reached. */
function listedPlace(root: string, listed: readonly string[], dataDir: string): Place {
  for (const entry of listed) {
    const base = realpathOrNull(entry);
    if (base === null) continue;
    const from = [base, entry].find((parent) => isAtOrBelow(root, parent));
    if (from === undefined) continue;
    const directory = join(base, root.slice(from.length));
    if (isAtOrBelow(dataDir, directory) || isAtOrBelow(directory, dataDir)) {
      throw new WorkspaceError('refused', "A workspace root may not hold the server's data directory.");
    }
    if (isAtOrBelow(directory, base)) return { base, directory };
  }
  throw new WorkspaceError('refused', 'The directory is not below a listed workspace root.');
}

/** By the descriptor that commands get: what is reached through a link is not there. */
function statDirectory({ base, directory }: Place): Stats {
  let fd: number;
  try {
    fd = openBelow(base, directory);
  } catch (cause) {
    if (cause instanceof WorkspaceError) throw cause;
    throw new WorkspaceError('not_found', 'The workspace does not exist.', { cause });
  }
  try {
    return fstatSync(fd);
  } finally {
    closeSync(fd);
  }
}

function ownedByRoot(directory: string): WorkspaceError {
  return new WorkspaceError(
    'refused',
    `The directory belongs to root, and no command runs as root: give it to another user (chown -R 1000:1000 ${directory}), or run the server as a user without privileges.`,
  );
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
