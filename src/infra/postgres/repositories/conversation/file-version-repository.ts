import { and, asc, desc, eq, getTableColumns, lte, or, sql } from 'drizzle-orm';
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
      const size = Buffer.byteLength(content);
      for (let round = 0; round < MAX_ROUNDS; round += 1) {
        const last = await latest(version.sessionId, version.path);
        if (last?.content === content) return last;
        const [row] = await executor
          .insert(fileVersions)
          .values({ ...version, content, size, version: (last?.version ?? -1) + 1 })
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
    async list(sessionId, { limit, before }) {
      const { content: _, ...columns } = getTableColumns(fileVersions);
      return executor
        .select(columns)
        .from(fileVersions)
        .where(
          and(
            eq(fileVersions.sessionId, sessionId),
            before === undefined
              ? undefined
              : sql`(${fileVersions.path}, ${fileVersions.version}) > (select v.path, v.version
                  from ${fileVersions} v where v.id = ${before} and v.session_id = ${sessionId})`,
          ),
        )
        .orderBy(asc(fileVersions.path), asc(fileVersions.version))
        .limit(limit)
        .execute();
    },
    async listOf(sessionId, path, { from, maxBytes }) {
      const { id, version, size } = fileVersions;
      const ofFile = and(
        eq(fileVersions.sessionId, sessionId),
        eq(fileVersions.path, path),
        from === undefined
          ? undefined
          : sql`${version} >= (select v.version from ${fileVersions} v
              where v.id = ${from} and v.session_id = ${sessionId})`,
      );
      const sizes = executor.$with('sizes').as(
        executor
          .select({
            id,
            total: sql<number>`sum(${size}) over (order by ${version})`.as('total'),
            place: sql<number>`row_number() over (order by ${version})`.as('place'),
            count: sql<number>`count(*) over ()`.mapWith(Number).as('count'),
          })
          .from(fileVersions)
          .where(ofFile),
      );
      const rows = await executor
        .with(sizes)
        .select({ ...getTableColumns(fileVersions), count: sizes.count })
        .from(fileVersions)
        .innerJoin(sizes, eq(sizes.id, id))
        .where(or(lte(sizes.total, maxBytes), lte(sizes.place, 2)))
        .orderBy(asc(version))
        .execute();
      const versions = rows.map(({ count: _, ...row }) => toFileVersion(row));
      return { versions, more: versions.length < (rows[0]?.count ?? 0) };
    },
  };
}

function toFileVersion(row: typeof fileVersions.$inferSelect): FileVersion {
  return row;
}
