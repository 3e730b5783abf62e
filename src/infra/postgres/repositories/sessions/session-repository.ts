import { and, desc, eq, isNull, type SQL, sql } from 'drizzle-orm';
import type { PgUpdateSetSource } from 'drizzle-orm/pg-core';
import { notFound } from '#domain/errors.ts';
import type { Session, SessionRepository } from '#domain/session/index.ts';
import { type Executor, lazy, type RepositoryDeps } from '../../engine/executor.ts';
import { createStatements } from '../../engine/statements.ts';
import { sessions } from '../../schema/index.ts';

export function createSessionRepository({ executor }: RepositoryDeps): SessionRepository {
  const statements = createStatements();
  const queries = lazy(() => prepareQueries(executor));

  async function change(id: string, changes: PgUpdateSetSource<typeof sessions>): Promise<Session> {
    const [row] = await executor
      .update(sessions)
      .set(changes)
      .where(eq(sessions.id, id))
      .returning()
      .execute();
    if (!row) throw notFound('Session');
    return toSession(row);
  }

  return {
    async insert(session) {
      await executor.insert(sessions).values(session).execute();
    },
    async get(id) {
      const [row] = await queries().get.execute({ id });
      return row ? toSession(row) : null;
    },
    async lock(id) {
      const [row] = await executor
        .select()
        .from(sessions)
        .where(eq(sessions.id, id))
        .for('no key update')
        .execute();
      return row ? toSession(row) : null;
    },
    async listByProject(projectId, { limit, before }) {
      const rows =
        before === undefined
          ? await queries().firstPage.execute({ projectId, limit })
          : await queries().nextPage.execute({ projectId, limit, before });
      return rows.map(toSession);
    },
    setTitle: (id, title, now) => change(id, { title, updatedAt: now }),
    setTodos: (id, todos, now) => change(id, { todos, updatedAt: now }),
    async addUsage(id, { addCost, addMessages, addChars, ...figures }, now) {
      const { promptTokens, completionTokens, contextWindow, summaryMessageId } = figures;
      const values = { promptTokens, completionTokens, contextWindow, summaryMessageId, updatedAt: now };
      const parameters = { id, addCost, addMessages, addChars };
      const [row] = await statements.change('usage', { table: sessions, values, parameters }, (set, has) =>
        executor
          .update(sessions)
          .set({
            ...set,
            ...(has('addCost') && { cost: sql`${sessions.cost} + ${sql.placeholder('addCost')}` }),
            ...(has('addMessages') && {
              messageCount: sql`${sessions.messageCount} + ${sql.placeholder('addMessages')}`,
            }),
            ...(has('addChars') && {
              storedChars: sql`${sessions.storedChars} + ${sql.placeholder('addChars')}`,
            }),
          })
          .where(eq(sessions.id, sql.placeholder('id')))
          .returning(),
      );
      if (!row) throw notFound('Session');
      return toSession(row);
    },
    async beginDeletion(of, now) {
      await executor
        .update(sessions)
        .set({ deletingSince: now })
        .where('id' in of ? eq(sessions.id, of.id) : eq(sessions.projectId, of.projectId))
        .execute();
    },
    countByUser: (userId) =>
      executor.$count(sessions, and(eq(sessions.userId, userId), isNull(sessions.parentSessionId))),
    async delete(id) {
      await executor.delete(sessions).where(eq(sessions.id, id)).execute();
    },
  };
}

/** Lists hold no sub-agents' sessions. */
function prepareQueries(executor: Executor) {
  const ofProject = and(
    eq(sessions.projectId, sql.placeholder('projectId')),
    isNull(sessions.parentSessionId),
  );
  const beforeThat = sql`(${sessions.createdAt}, ${sessions.id}) <
    (select s.created_at, s.id from ${sessions} s where s.id = ${sql.placeholder('before')})`;
  const page = (where: SQL | undefined) =>
    executor
      .select()
      .from(sessions)
      .where(where)
      .orderBy(desc(sessions.createdAt), desc(sessions.id))
      .limit(sql.placeholder('limit'));
  return {
    get: executor
      .select()
      .from(sessions)
      .where(eq(sessions.id, sql.placeholder('id')))
      .prepare('session_get'),
    firstPage: page(ofProject).prepare('session_list'),
    nextPage: page(and(ofProject, beforeThat)).prepare('session_list_before'),
  };
}

function toSession(row: typeof sessions.$inferSelect): Session {
  return row;
}
