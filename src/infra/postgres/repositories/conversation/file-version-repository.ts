import { and, asc, desc, eq, getTableColumns, sql } from 'drizzle-orm';
import { DomainError } from '#domain/errors.ts';
import type { FileVersion, FileVersionRepository } from '#domain/history/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { fileVersions } from '../../schema/index.ts';
import { storableText } from '../../storable.ts';

/** Each round that somebody else wins stores one of the competing versions. */
const MAX_ROUNDS = 100;

export function createFileVersionRepository({ executor }: RepositoryDeps): FileVersionRepository {
  async function latest(sessionId: string, path: string): Promise<FileVersion | null> {
    const [row] = await executor
      .select()
      .from(fileVersions)
      .where(and(eq(fileVersions.sessionId, sessionId), eq(fileVersions.path, path)))
      .orderBy(desc(fileVersions.version))
      .limit(1)
      .execute();
    return row ? toFileVersion(row) : null;
  }

  return {
    async add(version) {
      const content = storableText(version.content);
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const last = await latest(version.sessionId, version.path);
        if (last?.content === content) return last;
        const [row] = await executor
          .insert(fileVersions)
          .values({ ...version, content, version: (last?.version ?? -1) + 1 })
          .onConflictDoNothing({
            target: [fileVersions.sessionId, fileVersions.path, fileVersions.version],
          })
          .returning()
          .execute();
        if (row) return toFileVersion(row);
      }
      throw new DomainError('conflict', 'The file is being changed by too many writers');
    },
    latest,
    async list(sessionId) {
      const { content, ...columns } = getTableColumns(fileVersions);
      return executor
        .select({ ...columns, size: sql<number>`octet_length(${content})` })
        .from(fileVersions)
        .where(eq(fileVersions.sessionId, sessionId))
        .orderBy(asc(fileVersions.path), asc(fileVersions.version))
        .execute();
    },
    async listOf(sessionId, path) {
      const rows = await executor
        .select()
        .from(fileVersions)
        .where(and(eq(fileVersions.sessionId, sessionId), eq(fileVersions.path, path)))
        .orderBy(asc(fileVersions.version))
        .execute();
      return rows.map(toFileVersion);
    },
  };
}

function toFileVersion(row: typeof fileVersions.$inferSelect): FileVersion {
  return row;
}
