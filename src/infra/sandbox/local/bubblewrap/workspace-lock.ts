import { createHash } from 'node:crypto';
import { closeSync, openSync } from 'node:fs';
import { join } from 'node:path';
import type { Starter } from '../starter/starter.ts';
import type { Starters } from '../starter/starters.ts';

/** An unused lock is kept this long, so that a chain of commands takes it once. */
const LINGER_MS = 2000;

export interface WorkspaceLocks {
  /** What starts commands under the lock, and how to give it back. Rejects when another server's commands run. */
  acquire(directory: string): Promise<{ starter: Starter; release(): void }>;
  close(): void;
}

export interface WorkspaceLocksDeps {
  lockDirectory: string;
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
export function createWorkspaceLocks({ lockDirectory, starters }: WorkspaceLocksDeps): WorkspaceLocks {
  const locks = new Map<string, Held>();

  function take(directory: string): Held {
    const path = join(lockDirectory, lockName(directory));
    closeSync(openSync(path, 'a', 0o600));
    let ready: Starter | null = null;
    const starter = starters.locking(path).then((made) => {
      ready = made;
      return made;
    });
    return { starter, hasEnded: () => ready?.hasEnded() ?? false, users: 0, linger: null };
  }

  function drop(directory: string, held: Held): void {
    if (held.linger !== null) clearTimeout(held.linger);
    if (locks.get(directory) === held) locks.delete(directory);
    held.starter.then(
      (starter) => starter.close(),
      () => {},
    );
  }

  function release(directory: string, held: Held): void {
    held.users -= 1;
    if (held.users > 0) return;
    held.linger = setTimeout(() => drop(directory, held), LINGER_MS);
    held.linger.unref();
  }

  return {
    async acquire(directory) {
      const known = locks.get(directory);
      if (known?.hasEnded()) drop(directory, known);
      const held = locks.get(directory) ?? take(directory);
      locks.set(directory, held);
      if (held.linger !== null) clearTimeout(held.linger);
      held.linger = null;
      held.users += 1;
      try {
        const starter = await held.starter;
        let released = false;
        return {
          starter,
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
}

function lockName(directory: string): string {
  return `${createHash('sha256').update(directory).digest('hex').slice(0, 32)}.lock`;
}
