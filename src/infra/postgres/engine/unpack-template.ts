import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir, open, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';

/** Of one file in a tar archive: a header of 512 bytes, the content, zeros up to the next 512. */
interface Entry {
  name: string;
  isDirectory: boolean;
  content: Buffer;
}

const BLOCK = 512;
const FILES_AT_ONCE = 16;
const DIRECTORY = '5';
const FILE = '0';

/**
 * Writes a dumped data directory (a gzipped tar, as PGlite makes it) to a new directory; all is on the disk when
 * this resolves.
 */
export async function unpackTemplate(template: Uint8Array, directory: string): Promise<void> {
  const entries = [...entriesOf(await promisify(gunzip)(template))];
  await mkdir(directory, { mode: 0o700 });
  for (const { name, isDirectory } of entries) {
    if (isDirectory) await mkdir(join(directory, name), { recursive: true, mode: 0o700 });
  }
  const files = entries.filter(({ isDirectory }) => !isDirectory);
  await inParallel(files, ({ name, content }) =>
    writeFile(join(directory, name), content, { flag: 'wx', mode: 0o600 }),
  );
  if (await syncFileSystem(directory)) return;
  await inParallel(entries, ({ name }) => syncPath(join(directory, name)));
}

async function inParallel(entries: readonly Entry[], work: (entry: Entry) => Promise<void>): Promise<void> {
  const rest = entries.values();
  const takeSome = async () => {
    for (const entry of rest) await work(entry);
  };
  await Promise.all(Array.from({ length: FILES_AT_ONCE }, takeSome));
}

/**
 * One call for the thousand files, each of which would wait for the disk on its own; Node has no syncfs(2).
 * False where there is no such program.
 */
async function syncFileSystem(directory: string): Promise<boolean> {
  const child = spawn('sync', ['-f', directory], { stdio: 'ignore' });
  const [code] = (await once(child, 'exit').catch(() => [null])) as [number | null];
  return code === 0;
}

/** What is in the file, or which names are in the directory, outlives a power cut. */
export async function syncPath(path: string): Promise<void> {
  const handle = await open(path, 'r');
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function* entriesOf(archive: Buffer): Generator<Entry> {
  for (let at = 0; at + BLOCK <= archive.length && archive[at] !== 0; ) {
    const field = (from: number, to: number) =>
      archive.toString('latin1', at + from, at + to).split('\0')[0] ?? '';
    const name = join('/', field(345, 500), field(0, 100));
    const size = Number.parseInt(field(124, 136), 8);
    const type = field(156, 157) || FILE;
    if (Number.isNaN(size) || (type !== FILE && type !== DIRECTORY))
      throw new Error(`the template cannot be read at byte ${at}`);
    const start = at + BLOCK;
    yield { name, isDirectory: type === DIRECTORY, content: archive.subarray(start, start + size) };
    at = start + Math.ceil(size / BLOCK) * BLOCK;
  }
}
