import { and, desc, eq, type SQL, sql } from 'drizzle-orm';
import { notFound } from '#domain/errors.ts';
import type { Project, ProjectRepository } from '#domain/project/index.ts';
import { type Executor, lazy, type RepositoryDeps } from '../../engine/executor.ts';
import { projects, sessions } from '../../schema/index.ts';

export function createProjectRepository({ executor }: RepositoryDeps): ProjectRepository {
  const queries = lazy(() => prepareQueries(executor));

  return {
    async insert(project) {
      await executor.insert(projects).values(project).execute();
    },
    async get(id) {
      const [row] = await queries().get.execute({ id });
      return row ? toProject(row) : null;
    },
    async lock(id) {
      const [row] = await executor
        .select()
        .from(projects)
        .where(eq(projects.id, id))
        .for('no key update')
        .execute();
      return row ? toProject(row) : null;
    },
    async getBySession(sessionId) {
      const [row] = await queries().getBySession.execute({ sessionId });
      return row ? toProject(row) : null;
    },
    async listByUser(userId, { limit, before }) {
      const rows =
        before === undefined
          ? await queries().firstPage.execute({ userId, limit })
          : await queries().nextPage.execute({ userId, limit, before });
      return rows.map(toProject);
    },
    countByUser: (userId) => executor.$count(projects, eq(projects.userId, userId)),
    async update(project) {
      const { id, userId: _, createdAt: __, deletingSince: ___, ...changes } = project;
      const updated = await executor
        .update(projects)
        .set(changes)
        .where(eq(projects.id, id))
        .returning({ id: projects.id })
        .execute();
      if (updated.length === 0) throw notFound('Project');
    },
    async beginDeletion(id, now) {
      await executor.update(projects).set({ deletingSince: now }).where(eq(projects.id, id)).execute();
    },
    async delete(id) {
      await executor.delete(projects).where(eq(projects.id, id)).execute();
    },
  };
}

function prepareQueries(executor: Executor) {
  const ofUser = eq(projects.userId, sql.placeholder('userId'));
  const beforeThat = sql`(${projects.createdAt}, ${projects.id}) <
    (select p.created_at, p.id from ${projects} p where p.id = ${sql.placeholder('before')})`;
  const page = (where: SQL | undefined) =>
    executor
      .select()
      .from(projects)
      .where(where)
      .orderBy(desc(projects.createdAt), desc(projects.id))
      .limit(sql.placeholder('limit'));
  return {
    get: executor
      .select()
      .from(projects)
      .where(eq(projects.id, sql.placeholder('id')))
      .prepare('project_get'),
    getBySession: executor
      .select()
      .from(projects)
      .where(
        sql`${projects.id} = (select s.project_id from ${sessions} s where s.id = ${sql.placeholder('sessionId')})`,
      )
      .prepare('project_get_by_session'),
    firstPage: page(ofUser).prepare('project_list'),
    nextPage: page(and(ofUser, beforeThat)).prepare('project_list_before'),
  };
}

function toProject(row: typeof projects.$inferSelect): Project {
  return row;
}
