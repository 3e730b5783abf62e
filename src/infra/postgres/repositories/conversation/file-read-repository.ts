import { and, eq, sql } from 'drizzle-orm';
import type { FileReadRepository } from '#domain/history/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { fileReads } from '../../schema/index.ts';

export function createFileReadRepository({ executor }: RepositoryDeps): FileReadRepository {
  return {
    async lastRead(sessionId, path) {
      const [row] = await executor
        .select({ readAt: fileReads.readAt })
        .from(fileReads)
        .where(and(eq(fileReads.sessionId, sessionId), eq(fileReads.path, path)));
      return row?.readAt ?? null;
    },
    async record(sessionId, path, readAt) {
      await executor
        .insert(fileReads)
        .values({ sessionId, path, readAt })
        .onConflictDoUpdate({
          target: [fileReads.sessionId, fileReads.path],
          set: { readAt: sql`greatest(${fileReads.readAt}, excluded.read_at)` },
        });
    },
  };
}
