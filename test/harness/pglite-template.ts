import { createHash, randomUUID } from 'node:crypto';
import { mkdirSync, openAsBlob, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { MIGRATIONS } from '../../src/infra/postgres/index.ts';
import { createPgliteTemplate } from '../../src/infra/postgres/pglite-database.ts';

const CACHE = new URL('../../node_modules/.cache/crush/', import.meta.url);
const PGLITE = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url);

/** initdb under WebAssembly takes seconds, so its result is kept for later runs. */
export async function cachedPgliteTemplate(): Promise<Blob> {
  const key = createHash('sha256').update(readFileSync(PGLITE));
  for (const migration of MIGRATIONS) key.update(migration.hash);
  const file = new URL(`pglite-${key.digest('hex').slice(0, 16)}.tar.gz`, CACHE);
  try {
    return await openAsBlob(file);
  } catch {
    const template = await createPgliteTemplate();
    mkdirSync(CACHE, { recursive: true });
    const draft = new URL(`pglite-${randomUUID()}.tmp`, CACHE);
    writeFileSync(draft, Buffer.from(await template.arrayBuffer()));
    renameSync(draft, file);
    return template;
  }
}
