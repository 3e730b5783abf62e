import { and, eq, gte, isNull, sql } from 'drizzle-orm';
import type { LoginSession, LoginSessionRepository } from '#domain/user/index.ts';
import { lazy, type RepositoryDeps } from '../../engine/executor.ts';
import { loginSessions, users } from '../../schema/index.ts';

export function createLoginSessionRepository({ executor }: RepositoryDeps): LoginSessionRepository {
  const byId = lazy(() =>
    executor
      .select()
      .from(loginSessions)
      .where(eq(loginSessions.id, sql.placeholder('id')))
      .prepare('login_session_get'),
  );

  return {
    async insert(login) {
      await executor.insert(loginSessions).values(login).execute();
    },
    async get(id) {
      const [row] = await byId().execute({ id });
      return row ? toLoginSession(row) : null;
    },
    async isKnownDevice({ email, device, since }) {
      const rows = await executor
        .select({ id: loginSessions.id })
        .from(loginSessions)
        .innerJoin(users, eq(users.id, loginSessions.userId))
        .where(
          and(
            sql`lower(${users.email}) = lower(${email})`,
            eq(loginSessions.device, device),
            gte(loginSessions.lastUsedAt, since),
          ),
        )
        .limit(1)
        .execute();
      return rows.length > 0;
    },
    async touch(id, now) {
      await executor
        .update(loginSessions)
        .set({ lastUsedAt: sql`greatest(${loginSessions.lastUsedAt}, ${now})` })
        .where(eq(loginSessions.id, id))
        .execute();
    },
    async revoke(id, now) {
      await executor
        .update(loginSessions)
        .set({ revokedAt: now })
        .where(and(eq(loginSessions.id, id), isNull(loginSessions.revokedAt)))
        .execute();
    },
    async revokeAll(userId, now) {
      await executor
        .update(loginSessions)
        .set({ revokedAt: now })
        .where(and(eq(loginSessions.userId, userId), isNull(loginSessions.revokedAt)))
        .execute();
    },
  };
}

function toLoginSession(row: typeof loginSessions.$inferSelect): LoginSession {
  return row;
}
