import { accessSync, constants, mkdirSync, readFileSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';

const WANTED = ['memory', 'pids'];
const OWN_GROUP = 'crush';
/** Where the server itself goes in version 2, whose groups hold either processes or groups. */
const SERVER_GROUP = 'crush-server';

export interface Hierarchy {
  version: 1 | 2;
  /** A group of ours, below which each workspace gets its own. */
  directory: string;
  controllers: readonly string[];
}

interface Mount {
  type: string;
  options: string[];
  /** Of the hierarchy: what the mount point shows. */
  root: string;
  path: string;
}

/** The writable control group hierarchies that can limit memory or processes; none is a valid answer. */
export function findHierarchies(procRoot: string): Hierarchy[] {
  try {
    const mounts = readMounts(procRoot);
    const memberships = readMemberships(procRoot);
    const unified = mounts
      .filter((mount) => mount.type === 'cgroup2')
      .flatMap((mount) => openUnified(groupPath(mount, memberships.get('') ?? '/'), procRoot));
    return unified.length > 0 ? unified : WANTED.flatMap((name) => openLegacy(name, mounts, memberships));
  } catch {
    return [];
  }
}

function openLegacy(name: string, mounts: readonly Mount[], memberships: Map<string, string>): Hierarchy[] {
  const mount = mounts.find((candidate) => candidate.type === 'cgroup' && candidate.options.includes(name));
  const membership = memberships.get(name);
  if (mount === undefined || membership === undefined) return [];
  const directory = join(groupPath(mount, membership), OWN_GROUP);
  return isWritable(directory) ? [{ version: 1, directory, controllers: [name] }] : [];
}

/** Works where the server has its group to itself, as a service with delegation does. */
function openUnified(base: string, procRoot: string): Hierarchy[] {
  const available = readWords(join(base, 'cgroup.controllers'));
  const controllers = WANTED.filter((name) => available.includes(name));
  if (controllers.length === 0) return [];
  const server = join(base, SERVER_GROUP);
  const self = readFileSync(join(procRoot, 'self/stat'), 'utf8').split(' ')[0] ?? '';
  try {
    mkdirSync(server, { recursive: true });
    writeFileSync(join(server, 'cgroup.procs'), self);
    enable(base, controllers);
    const directory = join(base, OWN_GROUP);
    mkdirSync(directory, { recursive: true });
    enable(directory, controllers);
    return [{ version: 2, directory, controllers }];
  } catch {
    goBack(base, server, self);
    return [];
  }
}

function enable(directory: string, controllers: readonly string[]): void {
  const line = controllers.map((name) => `+${name}`).join(' ');
  writeFileSync(join(directory, 'cgroup.subtree_control'), line);
}

function goBack(base: string, server: string, self: string): void {
  try {
    writeFileSync(join(base, 'cgroup.procs'), self);
    rmdirSync(server);
  } catch {
    // Another server lives there; staying beside it does no harm.
  }
}

function isWritable(directory: string): boolean {
  try {
    mkdirSync(directory, { recursive: true });
    accessSync(directory, constants.W_OK | constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/** Where a membership is found below a mount, which may show a part of the hierarchy only. */
function groupPath(mount: Mount, membership: string): string {
  const below = membership.startsWith(mount.root) ? membership.slice(mount.root.length) : membership;
  return join(mount.path, below);
}

function readMounts(procRoot: string): Mount[] {
  return readLines(join(procRoot, 'self/mountinfo')).flatMap((line) => {
    const [left = '', right = ''] = line.split(' - ');
    const [, , , root = '', path = ''] = left.split(' ');
    const [type = '', , options = ''] = right.split(' ');
    return type.startsWith('cgroup') ? [{ type, options: options.split(','), root, path }] : [];
  });
}

/** The group of this process by controller; version 2 has no controller's name. */
function readMemberships(procRoot: string): Map<string, string> {
  const memberships = new Map<string, string>();
  for (const line of readLines(join(procRoot, 'self/cgroup'))) {
    const [, names = '', ...path] = line.split(':');
    for (const name of names.split(',')) memberships.set(name, path.join(':'));
  }
  return memberships;
}

function readWords(path: string): string[] {
  return readFileSync(path, 'utf8').split(/\s+/).filter(Boolean);
}

function readLines(path: string): string[] {
  return readFileSync(path, 'utf8').split('\n').filter(Boolean);
}
