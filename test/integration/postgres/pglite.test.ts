import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { createPgliteDatabase } from '../../../src/infra/postgres/engine/pglite-database.ts';
import {
  DataDirectoryInUseError,
  migrate,
  type SqlDatabase,
  schemaState,
} from '../../../src/infra/postgres/index.ts';
import { cachedPgliteTemplate } from '../../harness/pglite-template.ts';
import { newUser } from './records.ts';

const ASSETS = fileURLToPath(new URL('../../../node_modules/@electric-sql/pglite/dist', import.meta.url));

describe('a PGlite data directory', { timeout: 60_000 }, () => {
  let parent: string;
  let dataDir: string;
  const opened: SqlDatabase[] = [];

  beforeEach(() => {
    parent = mkdtempSync(join(tmpdir(), 'crush-pglite-'));
    dataDir = join(parent, 'db');
  });
  afterEach(async () => {
    await Promise.all(opened.splice(0).map((database) => database.close()));
    rmSync(parent, { recursive: true });
  });

  async function open(directory = dataDir): Promise<SqlDatabase> {
    const template = await cachedPgliteTemplate();
    const database = await createPgliteDatabase({ dataDir: directory, assetsDir: ASSETS, template });
    opened.push(database);
    await migrate(database);
    return database;
  }

  it('keeps its rows over a restart, is private and leaves no lock behind', async () => {
    const user = newUser();
    const first = await open();
    await first.repositories.users.insert(user);
    await Promise.all([first.close(), first.close()]);
    const second = await open();
    expect((await second.repositories.users.get(user.id))?.username).toBe(user.username);
    expect(statSync(dataDir).mode & 0o777).toBe(0o700);
    await second.close();
    expect(readdirSync(parent)).toEqual(['db']);
  });

  it('is refused while somebody has it', async () => {
    await open();
    await expect(open()).rejects.toBeInstanceOf(DataDirectoryInUseError);
  });

  it('has every committed row on disk at any moment', async () => {
    const users = Array.from({ length: 5 }, () => newUser());
    const database = await open();
    for (const user of users) await database.repositories.users.insert(user);
    const image = join(parent, 'image');
    cpSync(dataDir, image, { recursive: true });
    const survivor = await open(image);
    expect(await survivor.repositories.users.count()).toBe(users.length);
  });

  it('begins anew after a first start that was cut short', async () => {
    mkdirSync(`${dataDir}.new`);
    writeFileSync(join(`${dataDir}.new`, 'PG_VERSION'), '18');
    const database = await open();
    expect(await database.repositories.users.count()).toBe(0);
  });

  it('starts without a template and without given assets', async () => {
    const database = await createPgliteDatabase({ dataDir });
    opened.push(database);
    expect(await schemaState(database)).toBe('empty');
  });

  it('is released when the start fails', async () => {
    mkdirSync(dataDir);
    writeFileSync(join(dataDir, 'PG_VERSION'), 'not a version');
    await expect(open()).rejects.toThrow();
    expect(readdirSync(parent)).toEqual(['db']);
  });
});
