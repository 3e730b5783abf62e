import { and, eq, sql } from 'drizzle-orm';
import type { UsageRepository } from '#domain/usage/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { userTokens } from '../../schema/index.ts';

export function createUsageRepository({ executor }: RepositoryDeps): UsageRepository {
  return {
    async addTokens(userId, day, tokens) {
      const [row] = await executor
        .insert(userTokens)
        .values({ userId, day, tokens })
        .onConflictDoUpdate({
          target: [userTokens.userId, userTokens.day],
          set: { tokens: sql`${userTokens.tokens} + ${tokens}` },
        })
        .returning({ tokens: userTokens.tokens })
        .execute();
      return row?.tokens ?? tokens;
    },
    async tokensOf(userId, day) {
      const [row] = await executor
        .select({ tokens: userTokens.tokens })
        .from(userTokens)
        .where(and(eq(userTokens.userId, userId), eq(userTokens.day, day)))
        .execute();
      return row?.tokens ?? 0;
    },
  };
}
