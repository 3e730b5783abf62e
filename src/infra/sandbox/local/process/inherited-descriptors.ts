import { closeSync, openSync, readdirSync, readFileSync } from 'node:fs';

const CLOSE_ON_EXEC = 0o2000000;

export type Stdio = ('pipe' | 'ignore' | number)[];

export interface DescriptorShield {
  /** Adds entries to a child's descriptors. */
  cover(stdio: Stdio): Stdio;
  close(): void;
}

/**
 * Descriptors that this process got from its parent would be inherited by every command, and one of a directory
 * is a way out of any sandbox. Node does not close them, so each is covered by /dev/null.
 */
export function createDescriptorShield(): DescriptorShield {
  const inherited = readdirSync('/proc/self/fd').map(Number).filter(isInheritable);
  const nullFd = inherited.length === 0 ? null : openSync('/dev/null', 'r');
  let closed = false;
  return {
    cover(stdio) {
      if (nullFd === null) return stdio;
      const covered = [...stdio];
      for (const fd of inherited) {
        while (covered.length <= fd) covered.push('ignore');
        if (fd >= stdio.length) covered[fd] = nullFd;
      }
      return covered;
    },
    close() {
      if (nullFd !== null && !closed) closeSync(nullFd);
      closed = true;
    },
  };
}

function isInheritable(fd: number): boolean {
  if (fd <= 2) return false;
  try {
    const flags = /^flags:\s*([0-7]+)/m.exec(readFileSync(`/proc/self/fdinfo/${fd}`, 'utf8'))?.[1];
    return flags !== undefined && (Number.parseInt(flags, 8) & CLOSE_ON_EXEC) === 0;
  } catch {
    return false;
  }
}
