import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { PGlite, type PGliteOptions, TransactionAbortedError } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { errorMessage } from '#shared/text.ts';
import { createDatabase, type SqlDatabase } from '../database.ts';
import { unavailable } from '../errors.ts';
import { lockDataDirectory } from './data-directory-lock.ts';
import { createGate } from './gate.ts';
import { keepUp } from './keep-up.ts';
import { createPgliteClient, type PgliteClient } from './pglite-client.ts';
import { SyncedFiles } from './synced-files.ts';
import { syncPath, unpackTemplate } from './unpack-template.ts';

export interface PgliteOptions {
  /** A directory of its own (created when missing), or `memory`. */
  dataDir: string;
  /**
   * Where PGlite's `pglite.wasm`, `initdb.wasm` and `pglite.data` are, when not inside its package; there also
   * `pglite-template.tar.gz`, if a new database is to start from it.
   */
  assetsDir?: string;
  /** A dumped data directory: a new database starts from it, which saves initdb's seconds. */
  template?: Blob;
}

/**
 * Longer than any transaction of ours. Code inside a transaction that by mistake calls the outer repositories
 * would wait for itself: it gets `unavailable` after this time, and the transaction rolls back.
 */
const ADMISSION_TIMEOUT_MS = 10_000;
/** Made by drizzle/pglite-template.ts. */
const TEMPLATE_FILE = 'pglite-template.tar.gz';
/** The kernel caches the files; one session needs neither 128 MB of buffers nor room for a hundred others. */
const SMALL = { shared_buffers: '8MB', wal_buffers: '256kB', max_connections: '5' };
const NO_FSYNC = '-F';
const UPKEEP_INTERVAL_MS = 30_000;

/** Throws DataDirectoryInUseError when another process has the directory. */
export async function createPgliteDatabase(options: PgliteOptions): Promise<SqlDatabase> {
  if (options.dataDir === 'memory') {
    return serve({ pglite: await openInMemory(options), synced: async () => {}, release: async () => {} });
  }
  const lock = await lockDataDirectory(options.dataDir);
  try {
    const dataDir = lock.directory;
    // Compiled by other threads while a new directory is written.
    const assets = loadAssets(options.assetsDir, false);
    assets.catch(() => {});
    if (await isEmpty(dataDir)) await initialize({ ...options, dataDir });
    const files = new SyncedFiles(dataDir);
    const pglite = await openFiles(files, await assets);
    return serve({ pglite, synced: () => files.synced(), release: () => lock.release() });
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function isEmpty(directory: string): Promise<boolean> {
  return (await readdir(directory)).length === 0;
}

/** Made under another name first: a start that was cut short leaves nothing that looks like a database. */
async function initialize({ dataDir, assetsDir, template }: PgliteOptions): Promise<void> {
  const draft = `${dataDir}.new`;
  await rm(draft, { recursive: true, force: true });
  const dumped = template ?? (await shippedTemplate(assetsDir));
  if (dumped) {
    await unpackTemplate(new Uint8Array(await dumped.arrayBuffer()), draft);
  } else {
    await mkdir(draft, { mode: 0o700 });
    const client = await openFiles(new SyncedFiles(draft), await loadAssets(assetsDir, true));
    await client.close();
  }
  await rename(draft, dataDir);
  await syncPath(dirname(dataDir));
}

function openFiles(fs: SyncedFiles, assets: PGliteOptions): Promise<PGlite> {
  const startParams = [
    ...PGlite.defaultStartParams.filter((parameter) => parameter !== NO_FSYNC),
    ...parameters({ ...SMALL, wal_sync_method: 'fsync' }),
  ];
  return PGlite.create({ ...assets, fs, startParams });
}

async function openInMemory({ assetsDir, template }: PgliteOptions): Promise<PGlite> {
  return PGlite.create({
    ...(await loadAssets(assetsDir, template === undefined)),
    ...(template && { loadDataDir: template }),
    startParams: [...PGlite.defaultStartParams, ...parameters(SMALL)],
  });
}

function parameters(values: Record<string, string>): string[] {
  return Object.entries(values).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

interface Opened {
  pglite: PGlite;
  /** Resolves when what was committed outlives a power cut. */
  synced(): Promise<void>;
  release(): Promise<void>;
}

function serve({ pglite, synced, release }: Opened): SqlDatabase {
  const gate = createGate(ADMISSION_TIMEOUT_MS);
  // What fails is tried again in the next round.
  const upkeep = setInterval(() => void gate.run(() => keepUp(client)).catch(() => {}), UPKEEP_INTERVAL_MS);
  upkeep.unref();
  const client = createPgliteClient(pglite);
  // Drizzle asks its client for nothing but `query`.
  const executor = drizzle({ client: client as PGlite });
  return createDatabase({
    executor,
    // The gate lets nothing else through meanwhile, so the one session is the transaction's.
    async transaction(run) {
      await client.query('begin');
      try {
        const result = await run(executor);
        await commit(client);
        return result;
      } catch (error) {
        await client.query('rollback');
        throw error;
      }
    },
    async admit(call) {
      const result = await gate.run(call);
      // The next one runs meanwhile; its commit is on the disk with this one's or later.
      await synced().catch((error: unknown) => {
        throw unavailable({ code: 'IO', message: `the log cannot be written: ${errorMessage(error)}` });
      });
      return result;
    },
    exclusively: (run) =>
      pglite.transaction((transaction) =>
        run({
          async query(text) {
            const results = await transaction.exec(text);
            return (results.at(-1)?.rows ?? []) as Record<string, unknown>[];
          },
        }),
      ),
    async ping() {
      await client.query('select 1');
    },
    async close() {
      clearInterval(upkeep);
      await gate.close();
      await pglite.close();
      await synced();
      await release();
    },
  });
}

/** Postgres answers the commit of a transaction in which a statement has failed by rolling it back. */
async function commit(client: PgliteClient): Promise<void> {
  const { command } = await client.query('commit');
  if (command !== 'COMMIT') throw new TransactionAbortedError();
}

async function shippedTemplate(assetsDir: string | undefined): Promise<Blob | undefined> {
  const file = assetsDir === undefined ? undefined : join(assetsDir, TEMPLATE_FILE);
  return file !== undefined && existsSync(file) ? new Blob([await readFile(file)]) : undefined;
}

async function loadAssets(directory: string | undefined, withInitdb: boolean): Promise<PGliteOptions> {
  if (directory === undefined) return {};
  const load = (name: string) => readFile(join(directory, name));
  const [pgliteWasmModule, initdbWasmModule, data] = await Promise.all([
    load('pglite.wasm').then(compile),
    withInitdb ? load('initdb.wasm').then(compile) : undefined,
    load('pglite.data'),
  ]);
  return { pgliteWasmModule, initdbWasmModule, fsBundle: new Blob([data]) };
}

/** Node has it, its types do not. */
function compile(bytes: Uint8Array): Promise<WebAssembly.Module> {
  const { WebAssembly: engine } = globalThis as unknown as {
    WebAssembly: { compile(bytes: Uint8Array): Promise<WebAssembly.Module> };
  };
  return engine.compile(bytes);
}
