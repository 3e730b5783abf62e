import { beforeAll, expect, it } from 'vitest';
import type { Project } from '#domain/project/index.ts';
import { describeDatabases } from './contract.ts';
import { newProject, newUser } from './records.ts';

describeDatabases('the directories of projects', (database) => {
  const user = newUser();
  beforeAll(() => database().repositories.users.insert(user));

  const projects = () => database().repositories.projects;
  const placed = (workspaceRoot: string | null): Project => newProject(user.id, { workspaceRoot });
  const conflict = { code: 'conflict', field: 'workspace_path' };

  it('are each one project’s alone, with all that is above and below', async () => {
    await projects().insert(placed('/srv/a/b'));
    for (const path of ['/srv/a/b', '/srv/a/b/', '/srv/a/b/c/d', '/srv/a', '/srv', '/']) {
      await expect(projects().insert(placed(path)), path).rejects.toMatchObject(conflict);
    }
    for (const path of [
      '/srv/a/bb',
      '/srv/a/b.c',
      '/srv/a/b-c',
      '/srv/a/B',
      '/srv/a/c',
      '/sr',
      '/srv/a/b0',
    ]) {
      await projects().insert(placed(path));
    }
  });

  it('are no matter where there is none', async () => {
    await Promise.all([projects().insert(placed(null)), projects().insert(placed(null))]);
  });

  it('go to one of several that ask at once', async () => {
    const paths = ['/once', '/once/a', '/once/a/b', '/once', '/once/a', '/once/a/b'];
    const told = await Promise.allSettled(paths.map((path) => projects().insert(placed(path))));
    const kept = told.flatMap(({ status }, at) => (status === 'fulfilled' ? [paths[at]] : []));
    expect(kept).toHaveLength(1);
    for (const answer of told)
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject(conflict);
  });

  it('are free again with the project', async () => {
    const first = placed('/freed/x');
    await projects().insert(first);
    await expect(projects().insert(placed('/freed'))).rejects.toMatchObject(conflict);
    await projects().delete(first.id);
    await projects().insert(placed('/freed'));
  });
});
