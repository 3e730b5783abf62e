import { eq, gt, sql } from 'drizzle-orm';
import type { User, UserRepository } from '#domain/user/index.ts';
import { lazy, type RepositoryDeps } from '../../engine/executor.ts';
import { users } from '../../schema/index.ts';

type UserRow = Omit<typeof users.$inferSelect, 'passwordHash' | 'usernameKey'>;

/** Everything but the key of the name and the password's hash, which only `passwordHash` reads. */
const USER_COLUMNS = {
  id: users.id,
  username: users.username,
  email: users.email,
  avatarUrl: users.avatarUrl,
  role: users.role,
  disabledAt: users.disabledAt,
  tokensValidAfter: users.tokensValidAfter,
  createdAt: users.createdAt,
  updatedAt: users.updatedAt,
};

/** First key of the advisory locks on what users have; the second one is of the user. */
const SHARES_LOCK = 0x73686172;
const FIRST_LOCK = 0x66697273;

export function createUserRepository({ executor }: RepositoryDeps): UserRepository {
  const byId = lazy(() =>
    executor
      .select(USER_COLUMNS)
      .from(users)
      .where(eq(users.id, sql.placeholder('id')))
      .prepare('user_get'),
  );

  return {
    async insert(user) {
      await executor.insert(users).values(user).execute();
    },
    async get(id) {
      const [row] = await byId().execute({ id });
      return row ? toUser(row) : null;
    },
    async getByEmail(email) {
      const [row] = await executor
        .select(USER_COLUMNS)
        .from(users)
        .where(sql`lower(${users.email}) = lower(${email})`)
        .execute();
      return row ? toUser(row) : null;
    },
    async getByUsername(username) {
      const [row] = await executor
        .select(USER_COLUMNS)
        .from(users)
        .where(sql`lower(${users.username}) = lower(${username})`)
        .execute();
      return row ? toUser(row) : null;
    },
    async passwordHash(id) {
      const [row] = await executor
        .select({ hash: users.passwordHash })
        .from(users)
        .where(eq(users.id, id))
        .execute();
      return row?.hash ?? null;
    },
    async setPasswordHash(id, hash, now) {
      await executor
        .update(users)
        .set({ passwordHash: hash, updatedAt: now })
        .where(eq(users.id, id))
        .execute();
    },
    async setDisabled(id, disabledAt, now) {
      await executor.update(users).set({ disabledAt, updatedAt: now }).where(eq(users.id, id)).execute();
    },
    async setTokensValidAfter(id, moment) {
      await executor
        .update(users)
        .set({ tokensValidAfter: sql`greatest(${users.tokensValidAfter}, ${moment})` })
        .where(eq(users.id, id))
        .execute();
    },
    async list({ limit, afterId }) {
      const rows = await executor
        .select(USER_COLUMNS)
        .from(users)
        .where(afterId === undefined ? undefined : gt(users.id, afterId))
        .orderBy(users.id)
        .limit(limit)
        .execute();
      return rows.map(toUser);
    },
    async isUsernameTaken(usernameKey) {
      const rows = await executor
        .select({ id: users.id })
        .from(users)
        .where(eq(users.usernameKey, usernameKey))
        .execute();
      return rows.length > 0;
    },
    async count() {
      return executor.$count(users);
    },
    async lockFirst() {
      await executor.execute(sql`select pg_advisory_xact_lock(${FIRST_LOCK}, 0)`);
    },
    async lockShares(id) {
      await executor.execute(sql`select pg_advisory_xact_lock(${SHARES_LOCK}, hashtext(${id}))`);
    },
  };
}

function toUser(row: UserRow): User {
  return row;
}
