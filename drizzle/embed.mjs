// Writes drizzle/*.sql as data that the executable carries. Run by `npm run db:generate`.
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';

const directory = new URL('.', import.meta.url);
const target = new URL('../src/infra/postgres/migrations.json', import.meta.url);

const migrations = readdirSync(directory)
  .filter((file) => file.endsWith('.sql'))
  .sort()
  .map((file) => {
    const sql = readFileSync(new URL(file, directory), 'utf8');
    return { name: file.slice(0, -'.sql'.length), hash: createHash('sha256').update(sql).digest('hex'), sql };
  });
writeFileSync(target, `${JSON.stringify(migrations, null, 2)}\n`);
