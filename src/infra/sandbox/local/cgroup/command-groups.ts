import { mkdirSync, rmdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { sleep } from '#shared/async/sleep.ts';
import type { SandboxLimits, WorkspaceLocation } from '../driver.ts';
import { findHierarchies, type Hierarchy } from './hierarchies.ts';

const MEBIBYTE = 1024 * 1024;
const REMOVE_ATTEMPTS = 20;
const REMOVE_PAUSE_MS = 25;

/** Limits that hold for all commands of a workspace together. */
export interface CommandGroups {
  /** What is limited, for the log; empty where no hierarchy is writable. */
  readonly controllers: readonly string[];
  /**
   * Files into which a process writes 0 to put itself, and all that it will start, under the workspace's limits.
   * Moving another process takes the kernel some ten milliseconds, moving the own single thread nearly nothing.
   */
  entrances(location: WorkspaceLocation): readonly string[];
  remove(location: WorkspaceLocation): Promise<void>;
  close(): Promise<void>;
}

/**
 * Control groups are what limits memory in sum; without them each process has its own limit only. Servers that
 * share a workspace share its group, and a group left by a killed server is used again.
 */
export function createCommandGroups(limits: SandboxLimits, procRoot = '/proc'): CommandGroups {
  const hierarchies = findHierarchies(procRoot);
  const made = new Set<string>();

  function ensure(projectId: string): void {
    if (made.has(projectId)) return;
    for (const hierarchy of hierarchies) {
      const directory = join(hierarchy.directory, projectId);
      makeQuietly(directory);
      for (const [file, value] of settings(hierarchy, limits)) writeQuietly(join(directory, file), value);
    }
    made.add(projectId);
  }

  async function remove(projectId: string): Promise<void> {
    made.delete(projectId);
    for (const { directory } of hierarchies) await removeGroup(join(directory, projectId));
  }

  return {
    controllers: hierarchies.flatMap((hierarchy) => hierarchy.controllers),
    entrances({ projectId }) {
      ensure(projectId);
      return hierarchies.map(({ directory, version }) =>
        join(directory, projectId, version === 1 ? 'tasks' : 'cgroup.procs'),
      );
    },
    remove: ({ projectId }) => remove(projectId),
    async close() {
      await Promise.all([...made].map(remove));
      for (const { directory } of hierarchies) await removeGroup(directory);
    },
  };
}

function settings(hierarchy: Hierarchy, limits: SandboxLimits): [string, string][] {
  const memory = String(limits.memoryMb * MEBIBYTE);
  // Several commands may run at once; each has its own limit besides.
  const processes = String(limits.processes * 2);
  const files: [string, string][] = [];
  if (hierarchy.controllers.includes('memory')) {
    if (hierarchy.version === 1)
      files.push(['memory.limit_in_bytes', memory], ['memory.memsw.limit_in_bytes', memory]);
    else files.push(['memory.max', memory], ['memory.swap.max', '0']);
  }
  if (hierarchy.controllers.includes('pids')) files.push(['pids.max', processes]);
  return files;
}

function makeQuietly(directory: string): void {
  try {
    mkdirSync(directory, { recursive: true });
  } catch {
    // As below.
  }
}

/** A setting that this kernel lacks, or a process that has ended, is no reason to fail a command. */
function writeQuietly(path: string, value: string): void {
  try {
    writeFileSync(path, value);
  } catch {
    // The limits of each process still hold.
  }
}

/** A group is busy until the last of its processes is gone; one with groups of other servers stays. */
async function removeGroup(directory: string): Promise<void> {
  for (let attempt = 0; attempt < REMOVE_ATTEMPTS; attempt += 1) {
    try {
      rmdirSync(directory);
      return;
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'EBUSY')) return;
    }
    await sleep(REMOVE_PAUSE_MS);
  }
}
