import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, realpath, unlink, writeFile } from 'node:fs/promises';
import { z } from 'zod';
import { sleep } from '#shared/async/sleep.ts';

const LockContent = z.object({
  pid: z.number().int().positive(),
  /** Tells the process from a later one with the same number; null where /proc is missing. */
  startTime: z.string().nullable(),
  nonce: z.string(),
});
type LockContent = z.infer<typeof LockContent>;

export class DataDirectoryInUseError extends Error {
  readonly pid: number;

  constructor(directory: string, pid: number) {
    super(`The data directory ${directory} is in use by process ${pid}`);
    this.name = 'DataDirectoryInUseError';
    this.pid = pid;
  }
}

export interface DataDirectoryLock {
  /** Absolute, without symbolic links. */
  directory: string;
  /** Idempotent. */
  release(): Promise<void>;
}

const MAX_ATTEMPTS = 50;
const RETRY_PAUSE_MS = 5;

/**
 * Creates the directory (mode 0700) and takes the file `<directory>.lock`. A lock whose process is gone is taken
 * over under a second lock, so that of several that find it only one replaces it.
 */
export async function lockDataDirectory(directory: string): Promise<DataDirectoryLock> {
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const real = await realpath(directory);
  const path = `${real}.lock`;
  const own: LockContent = {
    pid: process.pid,
    startTime: await startTimeOf(process.pid),
    nonce: randomUUID(),
  };
  for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt += 1) {
    if (await createExclusively(path, own)) return { directory: real, release: () => removeOwn(path, own) };
    const holder = await readLock(path);
    if (holder && (await isAlive(holder))) throw new DataDirectoryInUseError(directory, holder.pid);
    await removeStale(path, own);
    await sleep(RETRY_PAUSE_MS);
  }
  throw new Error(`The lock ${path} cannot be taken`);
}

/** Removes the lock if its process is still gone once nobody else can remove it. */
async function removeStale(path: string, own: LockContent): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await createExclusively(guard, own))) {
    const other = await readLock(guard);
    if (!other || !(await isAlive(other))) await removeFile(guard);
    return;
  }
  try {
    const holder = await readLock(path);
    if (!holder || !(await isAlive(holder))) await removeFile(path);
  } finally {
    await removeOwn(guard, own);
  }
}

/** The content is complete from the moment on at which the name exists. */
async function createExclusively(path: string, content: LockContent): Promise<boolean> {
  const draft = `${path}.${content.nonce}`;
  await writeFile(draft, JSON.stringify(content), { mode: 0o600 });
  try {
    await link(draft, path);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  } finally {
    await removeFile(draft);
  }
}

async function removeOwn(path: string, own: LockContent): Promise<void> {
  const holder = await readLock(path);
  if (holder?.nonce === own.nonce) await removeFile(path);
}

/** Null when it is missing or not a lock. */
async function readLock(path: string): Promise<LockContent | null> {
  try {
    return LockContent.parse(JSON.parse(await readFile(path, 'utf8')));
  } catch (error) {
    if (codeOf(error) === undefined || codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

async function removeFile(path: string): Promise<void> {
  await unlink(path).catch((error: unknown) => {
    if (codeOf(error) !== 'ENOENT') throw error;
  });
}

async function isAlive(holder: LockContent): Promise<boolean> {
  try {
    process.kill(holder.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false;
  }
  const startTime = await startTimeOf(holder.pid);
  return startTime === null || holder.startTime === null || startTime === holder.startTime;
}

/** Boot and clock ticks since it, from /proc; `dead` for a process that only waits for its parent. */
async function startTimeOf(pid: number): Promise<string | null> {
  try {
    const [boot, stat] = await Promise.all([
      readFile('/proc/sys/kernel/random/boot_id', 'utf8'),
      readFile(`/proc/${pid}/stat`, 'utf8'),
    ]);
    /** The command's name, in parentheses, may hold anything; the start time is the 20th field after it. */
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    if (fields[0] === 'Z' || fields[0] === 'X') return 'dead';
    return `${boot.trim()}:${fields[19]}`;
  } catch {
    return null;
  }
}

function codeOf(error: unknown): string | undefined {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  return typeof code === 'string' ? code : undefined;
}
