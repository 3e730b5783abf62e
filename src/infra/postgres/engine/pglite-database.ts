import { existsSync } from 'node:fs';
import { chmod, readdir, readFile, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { PGlite, type PGliteOptions } from '@electric-sql/pglite';
import { drizzle } from 'drizzle-orm/pglite';
import { createDatabase, type SqlDatabase } from '../database.ts';
import { lockDataDirectory } from './data-directory-lock.ts';
import { createGate } from './gate.ts';

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
/** Made by drizzle/pglite-template.mjs. */
const TEMPLATE_FILE = 'pglite-template.tar.gz';

/** Throws DataDirectoryInUseError when another process has the directory. */
export async function createPgliteDatabase(options: PgliteOptions): Promise<SqlDatabase> {
  if (options.dataDir === 'memory') return serve(await openNew(options), async () => {});
  const lock = await lockDataDirectory(options.dataDir);
  try {
    const dataDir = lock.directory;
    if (await isEmpty(dataDir)) await initialize({ ...options, dataDir });
    const files = await loadAssets(options.assetsDir, false);
    const client = await PGlite.create({ ...files, dataDir, relaxedDurability: false });
    return serve(client, () => lock.release());
  } catch (error) {
    await lock.release();
    throw error;
  }
}

async function isEmpty(directory: string): Promise<boolean> {
  return (await readdir(directory)).length === 0;
}

/** Made under another name first: a start that was cut short leaves nothing that looks like a database. */
async function initialize(options: PgliteOptions): Promise<void> {
  const draft = `${options.dataDir}.new`;
  await rm(draft, { recursive: true, force: true });
  const client = await openNew({ ...options, dataDir: draft });
  await client.close();
  await chmod(draft, 0o700);
  await rename(draft, options.dataDir);
}

async function openNew(options: PgliteOptions): Promise<PGlite> {
  const { dataDir, assetsDir } = options;
  const template = options.template ?? (await shippedTemplate(assetsDir));
  return PGlite.create({
    ...(await loadAssets(assetsDir, template === undefined)),
    ...(dataDir !== 'memory' && { dataDir }),
    ...(template && { loadDataDir: template }),
    relaxedDurability: false,
  });
}

function serve(client: PGlite, release: () => Promise<void>): SqlDatabase {
  const gate = createGate(ADMISSION_TIMEOUT_MS);
  const executor = drizzle({ client });
  return createDatabase({
    executor,
    transaction: (run) => executor.transaction((transaction) => run(transaction)),
    admit: gate.run,
    exclusively: (run) =>
      client.transaction((transaction) =>
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
      await gate.close();
      await client.close();
      await release();
    },
  });
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
