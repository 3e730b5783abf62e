import { randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';
import { z } from 'zod';

const CACHE = new URL('../../node_modules/.cache/crush/', import.meta.url);
const PACKAGE = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url);

/** initdb under WebAssembly takes seconds, so its result is kept for later runs. */
export async function cachedPgliteTemplate(): Promise<Blob> {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(PACKAGE, 'utf8')));
  const file = new URL(`pglite-${version}.tar.gz`, CACHE);
  if (!existsSync(file)) {
    const client = await PGlite.create();
    const dump = await client.dumpDataDir('gzip');
    await client.close();
    mkdirSync(CACHE, { recursive: true });
    const draft = new URL(`pglite-${randomUUID()}.tmp`, CACHE);
    writeFileSync(draft, Buffer.from(await dump.arrayBuffer()));
    renameSync(draft, file);
  }
  return new Blob([readFileSync(file)]);
}
