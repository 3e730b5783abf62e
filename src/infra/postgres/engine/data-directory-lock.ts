import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { type FileHandle, mkdir, open, realpath, stat, unlink } from 'node:fs/promises';
import { hostname } from 'node:os';

export class DataDirectoryInUseError extends Error {
  /** Its process number, and of which host or container. */
  readonly holder: string;

  constructor(directory: string, holder: string) {
    super(`The data directory ${directory} is in use by ${holder}`);
    this.name = 'DataDirectoryInUseError';
    this.holder = holder;
  }
}

export interface DataDirectoryLock {
  /** Absolute, without symbolic links. */
  directory: string;
  /** Idempotent. */
  release(): Promise<void>;
}

/**
 * Creates the directory (mode 0700) and locks the file `<directory>.lock`. The kernel holds the lock for the open
 * file: it ends with this process, however that ends, and holds against processes of other containers.
 */
export async function lockDataDirectory(directory: string): Promise<DataDirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const real = await realpath(directory);
  const path = `${real}.lock`;
  const file = await openLocked(path, real);
  await file.truncate();
  await file.write(`process ${process.pid} on ${hostname()}`, 0);
  let releasing: Promise<void> | undefined;
  const release = async () => {
    await unlink(path);
    await file.close();
  };
  return {
    directory: real,
    release() {
      releasing ??= release();
      return releasing;
    },
  };
}

/** Its last holder removes the file: then the lock is one on a file that nobody finds any more. */
async function openLocked(path: string, directory: string): Promise<FileHandle> {
  for (;;) {
    const file = await open(path, 'a+', 0o600);
    try {
      if (!(await flock(file))) {
        throw new DataDirectoryInUseError(directory, (await file.readFile('utf8')) || 'another process');
      }
      if (await isStillAt(path, file)) return file;
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
  }
}

async function isStillAt(path: string, file: FileHandle): Promise<boolean> {
  const [own, current] = await Promise.all([file.stat(), stat(path).catch(() => null)]);
  return own.ino === current?.ino && own.dev === current.dev;
}

function explainMissing(error: NodeJS.ErrnoException): never {
  if (error.code !== 'ENOENT') throw error;
  throw new Error('flock is not installed (package util-linux), and nothing else can lock it');
}

/** Node has no flock(2); what flock(1) locks is the open file, which it shares with this process. */
async function flock(file: FileHandle): Promise<boolean> {
  const child: ChildProcess = spawn('flock', ['-x', '-n', '3'], {
    stdio: ['ignore', 'ignore', 'ignore', file.fd],
  });
  const [code] = (await once(child, 'exit').catch(explainMissing)) as [number | null];
  if (code === 0 || code === 1) return code === 0;
  throw new Error(`flock cannot lock a data directory here (exit code ${code})`);
}
