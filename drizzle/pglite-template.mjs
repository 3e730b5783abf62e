// Writes an initialized, empty PGlite data directory to the file named by the first argument. Shipped as
// `pglite-template.tar.gz` beside PGlite's own files, it saves a new installation the seconds of initdb.
import { writeFileSync } from 'node:fs';
import { PGlite } from '@electric-sql/pglite';

const client = await PGlite.create();
const dump = await client.dumpDataDir('gzip');
writeFileSync(process.argv[2], Buffer.from(await dump.arrayBuffer()));
await client.close();
