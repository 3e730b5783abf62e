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
  return {
    sessionId: row.sessionId,
    provider: row.provider,
    model: row.model,
    apiKeySealed: row.apiKeySealed,
    apiKeyHint: row.apiKeyHint,
    baseUrl: row.baseUrl,
    maxTokens: row.maxTokens,
    temperature: row.temperature,
    topP: row.topP,
    reasoningEffort: row.reasoningEffort,
    isAuto: row.isAuto,
    updatedAt: row.updatedAt,
  };
}
