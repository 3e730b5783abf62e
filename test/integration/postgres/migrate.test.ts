import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { describe, expect, inject, it, onTestFinished } from 'vitest';
import {
  MIGRATIONS,
  migrate,
  migrationPlan,
  migrationStatus,
  type SqlDatabase,
  schemaState,
} from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase, createTestDatabase, DATABASE_KINDS } from '../../harness/database.ts';
import { newProject, newUser } from './records.ts';

const DIRECTORY = new URL('../../../drizzle/', import.meta.url);
const NEXT = { name: '9999_next', hash: 'h', sql: 'create table next (id int);' };
const NAMES = MIGRATIONS.map(({ name }) => name);

async function emptyDatabase(): Promise<SqlDatabase> {
  const database = await createPostgresTestDatabase(inject('postgresUrl'), { empty: true });
  onTestFinished(() => database.close());
  return database;
}

describe('migrations', () => {
  it('are embedded as they are in the folder', () => {
    const files = readdirSync(DIRECTORY)
      .filter((file) => file.endsWith('.sql'))
      .sort();
    const expected = files.map((file) => {
      const sql = readFileSync(new URL(file, DIRECTORY), 'utf8');
      return { name: file.replace('.sql', ''), hash: createHash('sha256').update(sql).digest('hex'), sql };
    });
    expect(MIGRATIONS).toEqual(expected);
  });

  it('bring an empty database up to date, once', async () => {
    const database = await emptyDatabase();
    expect(await schemaState(database)).toBe('empty');
    expect(await migrationPlan(database)).toContain('CREATE TABLE "turns"');
    expect(await schemaState(database)).toBe('empty');
    expect(await migrate(database)).toEqual(NAMES);
    expect(await schemaState(database)).toBe('current');
    expect(await migrate(database)).toEqual([]);
    expect(await migrationPlan(database)).toBe('');
    expect(await migrationStatus(database)).toEqual({ applied: NAMES, pending: [], unknown: [] });
  });

  it('are applied by one of several processes that start together', async () => {
    const database = await emptyDatabase();
    const applied = await Promise.all([migrate(database), migrate(database), migrate(database)]);
    expect(applied.flat()).toEqual(NAMES);
  });

  it('leave nothing behind when one of them fails', async () => {
    const database = await emptyDatabase();
    const broken = [...MIGRATIONS, { ...NEXT, sql: 'create table half (id int); select nonsense;' }];
    await expect(migrate(database, broken)).rejects.toThrow('nonsense');
    expect(await schemaState(database)).toBe('empty');
  });
});

describe('projects that were placed in one directory', () => {
  it('keep it when they are the administrator’s or the oldest', async () => {
    const database = await emptyDatabase();
    const before = MIGRATIONS.filter(({ name }) => name < '0009');
    await migrate(database, before);
    const [admin, member] = [newUser({ role: 'admin' }), newUser()];
    const owner = (user: typeof admin, workspaceRoot: string, createdAt: number) =>
      newProject(user.id, { workspaceRoot, createdAt });
    const kept = [owner(admin, '/w/a', 5), owner(member, '/w/b/c', 1), owner(member, '/w/bb', 3)];
    const lost = [owner(member, '/w/a/sub', 1), owner(member, '/w/b', 2), owner(admin, '/w/a', 6)];
    for (const user of [admin, member]) await database.repositories.users.insert(user);
    for (const project of [...lost, ...kept]) await database.repositories.projects.insert(project);

    await migrate(database);
    const rootOf = async ({ id }: { id: string }) =>
      (await database.repositories.projects.get(id))?.workspaceRoot;
    expect(await Promise.all(kept.map(rootOf))).toEqual(['/w/a', '/w/b/c', '/w/bb']);
    expect(await Promise.all(lost.map(rootOf))).toEqual(lost.map(({ id }) => `/dev/null/${id}`));
  });
});

describe('subdomains from the time when they meant nothing', () => {
  it('stay where they are whole names or can be labels, with the oldest of several', async () => {
    const database = await emptyDatabase();
    const before = MIGRATIONS.filter(({ name }) => name < '0011');
    await migrate(database, before);
    const user = newUser();
    await database.repositories.users.insert(user);
    const stored = [
      'shop',
      'Shop',
      'SHOP',
      'Blog',
      'a.b.c',
      'www',
      'xn--a',
      'x-',
      newProject(user.id).id,
      null,
    ];
    const projects = stored.map((subdomain, at) => newProject(user.id, { subdomain, createdAt: 10 + at }));
    for (const project of projects) await database.repositories.projects.insert(project);

    await migrate(database);
    const kept = await Promise.all(
      projects.map(async ({ id }) => (await database.repositories.projects.get(id))?.subdomain),
    );
    expect(kept).toEqual(['shop', null, null, 'blog', 'a.b.c', ...Array(5).fill(null)]);
  });
});

describe.each(DATABASE_KINDS)('the schema on %s', (kind) => {
  it('is behind, then current, then ahead of an older version', async () => {
    const database = await createTestDatabase(kind, inject('postgresUrl'));
    onTestFinished(() => database.close());
    const newer = [...MIGRATIONS, NEXT];
    expect(await schemaState(database, newer)).toBe('behind');
    expect(await migrate(database, newer)).toEqual([NEXT.name]);
    expect(await schemaState(database, newer)).toBe('current');
    expect(await schemaState(database)).toBe('ahead');
    await expect(migrate(database)).rejects.toThrow(NEXT.name);
    const altered = [...MIGRATIONS, { ...NEXT, hash: 'other' }];
    expect((await migrationStatus(database, altered)).unknown).toEqual([NEXT.name]);
  });
});
