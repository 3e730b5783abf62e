import { createHash, randomUUID } from 'node:crypto';
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { z } from 'zod';
import { makePgliteTemplate } from '../../drizzle/pglite-template.ts';
import { MIGRATIONS } from '../../src/infra/postgres/migrate.ts';

const CACHE = new URL('../../node_modules/.cache/crush/', import.meta.url);
const PACKAGE = new URL('../../node_modules/@electric-sql/pglite/package.json', import.meta.url);

/** initdb under WebAssembly takes seconds, so its result, with the schema, is kept for later runs. */
export async function cachedPgliteTemplate(): Promise<Blob> {
  const { version } = z.object({ version: z.string() }).parse(JSON.parse(readFileSync(PACKAGE, 'utf8')));
  const schema = createHash('sha256').update(JSON.stringify(MIGRATIONS)).digest('hex').slice(0, 16);
  const file = new URL(`pglite-${version}-${schema}.tar.gz`, CACHE);
  if (!existsSync(file)) {
    mkdirSync(CACHE, { recursive: true });
    const draft = new URL(`pglite-${randomUUID()}.tmp`, CACHE);
    writeFileSync(draft, await makePgliteTemplate());
    renameSync(draft, file);
  }
  return new Blob([readFileSync(file)], { type: 'application/x-gzip' });
}
