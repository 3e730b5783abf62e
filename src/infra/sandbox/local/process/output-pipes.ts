import { execFile } from 'node:child_process';
import { chmodSync, chownSync, closeSync, constants, mkdirSync, openSync, unlinkSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { newId } from '#shared/ids.ts';
import { O_PATH } from '../files/workspace-directory.ts';

const run = promisify(execFile);
const MODE = 0o600;
/** Unused pipes that are kept for each user, and for how many users. */
const MAX_SPARE = 32;
const MAX_USERS = 32;
const BATCH = 8;
/** By then the kernel has killed what was left of a sandbox whose first process is gone. */
const REST_MS = 250;

export interface OutputPipe {
  reader: Socket;
  writeFd: number;
  /** Closes the writing end here, once the child has inherited it. */
  handOver(): void;
  /** Closes both ends; once the child has ended, the pipe may be used again. */
  release(): void;
}

/** The other way round. */
export interface InputPipe {
  writer: Socket;
  readFd: number;
  handOver(): void;
  release(): void;
}

export interface OutputPipes {
  take(uid: number, gid: number): Promise<OutputPipe>;
  takeInput(uid: number, gid: number): Promise<InputPipe>;
  /** A user that is gone leaves no pipes behind. */
  forget(uid: number): void;
  close(): void;
}

interface Pool {
  spare: number[];
  isGone: boolean;
}

/**
 * Pipes from and to commands. Node's own are sockets, and no program can open `/dev/stderr` where that is a
 * socket. A pipe begins as a named one, loses its name at once, and is used again by commands of the same user.
 */
export function createOutputPipes(deps: { directory: string; mkfifoPath: string }): OutputPipes {
  const pools = new Map<number, Pool>();
  let closed = false;
  mkdirSync(deps.directory, { recursive: true, mode: 0o700 });

  async function make(uid: number, gid: number): Promise<number[]> {
    const paths = Array.from({ length: BATCH }, () => join(deps.directory, newId()));
    await run(deps.mkfifoPath, ['-m', MODE.toString(8), '--', ...paths], { env: {} });
    return paths.map((path) => {
      if (process.geteuid?.() === 0) chownSync(path, uid, gid);
      const handle = openSync(path, O_PATH);
      unlinkSync(path);
      return handle;
    });
  }

  async function makeOne(pool: Pool, uid: number, gid: number): Promise<number> {
    const [first, ...rest] = await make(uid, gid);
    for (const handle of rest) putBack(pool, handle);
    if (first === undefined) throw new Error('no pipe was made');
    return first;
  }

  function putBack(pool: Pool, handle: number): void {
    if (closed || pool.isGone || pool.spare.length >= MAX_SPARE) closeSync(handle);
    else pool.spare.push(handle);
  }

  /** The one that was used last comes last; users that have been away for long lose theirs. */
  function poolOf(uid: number): Pool {
    const pool = pools.get(uid) ?? { spare: [], isGone: false };
    pools.delete(uid);
    pools.set(uid, pool);
    for (const other of pools.keys()) {
      if (pools.size <= MAX_USERS) break;
      forget(other);
    }
    return pool;
  }

  function forget(uid: number): void {
    const pool = pools.get(uid);
    if (pool === undefined) return;
    pools.delete(uid);
    pool.isGone = true;
    for (const handle of pool.spare.splice(0)) closeSync(handle);
  }

  async function takeEnds(uid: number, gid: number) {
    const pool = poolOf(uid);
    const handle = pool.spare.pop() ?? (await makeOne(pool, uid, gid));
    const ends = openEndsOrClose(handle);
    let isTaken = true;
    const giveBack = (): void => {
      if (isTaken) setTimeout(() => putBack(pool, handle), REST_MS).unref();
      isTaken = false;
    };
    return { ...ends, giveBack };
  }

  return {
    async take(uid, gid) {
      const { readFd, writeFd, giveBack } = await takeEnds(uid, gid);
      const reader = new Socket({ fd: readFd, readable: true, writable: false });
      return { reader, writeFd, ...endings(reader, writeFd, giveBack) };
    },
    async takeInput(uid, gid) {
      const { readFd, writeFd, giveBack } = await takeEnds(uid, gid);
      const writer = new Socket({ fd: writeFd, readable: false, writable: true });
      return { writer, readFd, ...endings(writer, readFd, giveBack) };
    },
    forget,
    close() {
      closed = true;
      for (const uid of [...pools.keys()]) forget(uid);
    },
  };
}

function endings(own: Socket, otherFd: number, giveBack: () => void) {
  let isOpen = true;
  const handOver = (): void => {
    if (isOpen) closeSync(otherFd);
    isOpen = false;
  };
  const release = (): void => {
    handOver();
    own.destroy();
    giveBack();
  };
  return { handOver, release };
}

function openEndsOrClose(handle: number): { readFd: number; writeFd: number } {
  try {
    return openEnds(handle);
  } catch (error) {
    closeSync(handle);
    throw error;
  }
}

/** Without a reader the writing end could not be opened without waiting. */
function openEnds(handle: number): { readFd: number; writeFd: number } {
  const path = `/proc/self/fd/${handle}`;
  // The command before may have changed it.
  chmodSync(path, MODE);
  const readFd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    return { readFd, writeFd: openSync(path, constants.O_WRONLY) };
  } catch (error) {
    closeSync(readFd);
    throw error;
  }
}
