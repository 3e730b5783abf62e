import { eq } from 'drizzle-orm';
import type { SessionConfigRepository, SessionModelConfig } from '#domain/session/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { sessionModelConfigs } from '../../schema/index.ts';

export function createSessionConfigRepository({ executor }: RepositoryDeps): SessionConfigRepository {
  return {
    async get(sessionId) {
      const [row] = await executor
        .select()
        .from(sessionModelConfigs)
        .where(eq(sessionModelConfigs.sessionId, sessionId))
        .execute();
      return row ? toSessionModelConfig(row) : null;
    },
    async put(config) {
      const { sessionId: _, ...changes } = config;
      await executor
        .insert(sessionModelConfigs)
        .values(config)
        .onConflictDoUpdate({ target: sessionModelConfigs.sessionId, set: changes })
        .execute();
    },
  };
}

function toSessionModelConfig(row: typeof sessionModelConfigs.$inferSelect): SessionModelConfig {
  return row;
}
