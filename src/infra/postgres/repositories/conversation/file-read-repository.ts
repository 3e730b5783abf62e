import { and, eq } from 'drizzle-orm';
import type { FileReadRepository } from '#domain/history/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { fileReads } from '../../schema/index.ts';

export function createFileReadRepository({ executor }: RepositoryDeps): FileReadRepository {
  return {
    async lastRead(sessionId, path) {
      const [row] = await executor
        .select({ digest: fileReads.digest })
        .from(fileReads)
        .where(and(eq(fileReads.sessionId, sessionId), eq(fileReads.path, path)))
        .execute();
      return row?.digest ?? null;
    },
    async record(sessionId, path, { digest, readAt }) {
      await executor
        .insert(fileReads)
        .values({ sessionId, path, digest, readAt })
        .onConflictDoUpdate({
          target: [fileReads.sessionId, fileReads.path],
          set: { digest, readAt },
        })
        .execute();
    },
  };
}
