import type { ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { WorkspaceError } from '#domain/workspace/index.ts';

/** Waits until the program runs; a program that cannot be started is an error of the workspace. */
export function started(child: ChildProcess): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', resolve);
    child.once('error', (cause) => {
      reject(new WorkspaceError('unavailable', 'The command could not be started.', { cause }));
    });
  });
}

/** Sends a signal to a process, or with a negative number to a group; one that has ended is no error. */
export function signalQuietly(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended already.
  }
}

/** The children of a process that has one thread. */
export function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
  }
}
