// Makes a PGlite data directory with the schema, as a gzipped tar. Shipped as `pglite-template.tar.gz` beside
// PGlite's own files, it saves a new installation the seconds of initdb and of the migrations.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PGlite } from '@electric-sql/pglite';
import { createPgliteDatabase } from '../src/infra/postgres/engine/pglite-database.ts';
import { migrate } from '../src/infra/postgres/migrate.ts';

export async function makePgliteTemplate(): Promise<Uint8Array> {
  const parent = mkdtempSync(join(tmpdir(), 'crush-template-'));
  try {
    const dataDir = join(parent, 'data');
    const database = await createPgliteDatabase({ dataDir });
    await migrate(database);
    await database.close();
    // Packs the directory as it was shut down: nothing has to be recovered at the first start.
    const idle = await PGlite.create({ dataDir, noInitDb: true });
    const dump = await idle.dumpDataDir('gzip');
    return new Uint8Array(await dump.arrayBuffer());
  } finally {
    rmSync(parent, { recursive: true });
  }
}

const [, program, target] = process.argv;
if (program === import.meta.filename && target) writeFileSync(target, await makePgliteTemplate());
