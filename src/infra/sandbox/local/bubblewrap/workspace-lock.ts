import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import { WorkspaceError } from '#domain/workspace/index.ts';

/** An unused lock is kept this long, so that a chain of commands takes it once. */
const LINGER_MS = 2000;

export interface WorkspaceLocks {
  /** The lock's descriptor for a sandbox to inherit, and how to give it back. */
  acquire(directory: string): Promise<{ fd: number; release(): void }>;
  close(): void;
}

export interface WorkspaceLocksDeps {
  lockDirectory: string;
  /** flock(1) of util-linux. */
  flockPath: string;
  /** How long another server's commands may still run before a command here is refused. */
  waitSeconds: number;
}

interface Held {
  fd: Promise<number>;
  users: number;
  linger: NodeJS.Timeout | null;
}

/**
 * A fence between servers on one host: each workspace has a lock that one server holds while its commands run.
 * The lock belongs to the open file, which every sandbox inherits and its first process keeps: it is free only
 * when the server has let go *and* nothing that it started still lives.
 */
export function createWorkspaceLocks(deps: WorkspaceLocksDeps): WorkspaceLocks {
  const locks = new Map<string, Held>();

  function drop(directory: string, held: Held): void {
    if (held.linger !== null) clearTimeout(held.linger);
    if (locks.get(directory) === held) locks.delete(directory);
    held.fd.then(closeSync, () => {});
  }

  function release(directory: string, held: Held): void {
    held.users -= 1;
    if (held.users > 0) return;
    held.linger = setTimeout(() => drop(directory, held), LINGER_MS);
    held.linger.unref();
  }

  return {
    async acquire(directory) {
      const held = locks.get(directory) ?? {
        fd: takeLock(lockPath(directory), deps),
        users: 0,
        linger: null,
      };
      locks.set(directory, held);
      if (held.linger !== null) clearTimeout(held.linger);
      held.linger = null;
      held.users += 1;
      try {
        const fd = await held.fd;
        let released = false;
        return {
          fd,
          release() {
            if (!released) release(directory, held);
            released = true;
          },
        };
      } catch (error) {
        if (locks.get(directory) === held) locks.delete(directory);
        throw error;
      }
    },
    close() {
      for (const [directory, held] of [...locks]) drop(directory, held);
    },
  };

  function lockPath(directory: string): string {
    return join(
      deps.lockDirectory,
      `${createHash('sha256').update(directory).digest('hex').slice(0, 32)}.lock`,
    );
  }
}

async function takeLock(path: string, deps: WorkspaceLocksDeps): Promise<number> {
  const fd = openSync(path, 'a', 0o600);
  try {
    if (await lockDescriptor(fd, deps)) return fd;
  } catch (error) {
    closeSync(fd);
    throw new WorkspaceError('unavailable', 'The workspace could not be locked.', { cause: error });
  }
  closeSync(fd);
  throw new WorkspaceError('unavailable', 'Another server is running commands in this workspace.');
}

function lockDescriptor(fd: number, deps: WorkspaceLocksDeps): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const child = spawn(deps.flockPath, ['-x', '-w', String(deps.waitSeconds), '3'], {
      stdio: ['ignore', 'ignore', 'ignore', fd],
      env: {},
    });
    child.once('error', reject);
    child.once('exit', (code) => resolve(code === 0));
  });
}
