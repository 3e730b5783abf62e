import { execFile } from 'node:child_process';
import { lstatSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { Starter } from '../starter/starter.ts';
import type { Starters } from '../starter/starters.ts';

const run = promisify(execFile);

/** An unused lock is kept this long, so that a chain of commands takes it once. */
const LINGER_MS = 2000;

export interface WorkspaceLocks {
  /** What starts commands under the lock, and how to give it back. Rejects when another server's commands run. */
  acquire(projectId: string): Promise<{ starter: Starter; release(): void }>;
  /** The project is gone, and with it its lock. */
  forget(projectId: string): void;
  close(): void;
}

export interface WorkspaceLocksDeps {
  lockDirectory: string;
  mkfifoPath: string;
  starters: Pick<Starters, 'locking'>;
}

interface Held {
  starter: Promise<Starter>;
  /** Once it is there. */
  hasEnded(): boolean;
  users: number;
  linger: NodeJS.Timeout | null;
}

/**
 * A fence between servers on one host: each workspace has a lock that one server holds while its commands run.
 * The lock belongs to the open file of a starter, which every sandbox inherits and its first process keeps: it is
 * free only when the server has let go *and* nothing that it started still lives.
 */
export function createWorkspaceLocks({
  lockDirectory,
  mkfifoPath,
  starters,
}: WorkspaceLocksDeps): WorkspaceLocks {
  const locks = new Map<string, Held>();

  function take(projectId: string): Held {
    let ready: Starter | null = null;
    const starter = lockOf(projectId).then(async (path) => {
      const made = await starters.locking(path);
      ready = made;
      return made;
    });
    return { starter, hasEnded: () => ready?.hasEnded() ?? false, users: 0, linger: null };
  }

  const pathOf = (projectId: string): string => join(lockDirectory, `${projectId}.lock`);

  /** A named pipe: a command of the server's user reaches it by way of /proc, and nothing can be stored in one. */
  async function lockOf(projectId: string): Promise<string> {
    const path = pathOf(projectId);
    if (isPipe(path)) return path;
    try {
      await run(mkfifoPath, ['-m', '600', '--', path], { env: {} });
    } catch (cause) {
      // Another server may have been quicker.
      if (!isPipe(path))
        throw new WorkspaceError('unavailable', 'The workspace could not be locked.', { cause });
    }
    return path;
  }

  function drop(projectId: string, held: Held): void {
    if (held.linger !== null) clearTimeout(held.linger);
    if (locks.get(projectId) === held) locks.delete(projectId);
    held.starter.then(
      (starter) => starter.close(),
      () => {},
    );
  }

  function release(projectId: string, held: Held): void {
    held.users -= 1;
    if (held.users > 0) return;
    held.linger = setTimeout(() => drop(projectId, held), LINGER_MS);
    held.linger.unref();
  }

  return {
    async acquire(projectId) {
      const known = locks.get(projectId);
      if (known?.hasEnded()) drop(projectId, known);
      const held = locks.get(projectId) ?? take(projectId);
      locks.set(projectId, held);
      if (held.linger !== null) clearTimeout(held.linger);
      held.linger = null;
      held.users += 1;
      try {
        const starter = await held.starter;
        let released = false;
        return {
          starter,
          release() {
            if (!released) release(projectId, held);
            released = true;
          },
        };
      } catch (error) {
        if (locks.get(projectId) === held) locks.delete(projectId);
        throw error;
      }
    },
    forget(projectId) {
      const held = locks.get(projectId);
      if (held !== undefined) drop(projectId, held);
      rmSync(pathOf(projectId), { force: true });
    },
    close() {
      for (const [projectId, held] of [...locks]) drop(projectId, held);
    },
  };
}

function isPipe(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isFIFO() === true;
}
