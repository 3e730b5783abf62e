import { eq, sql } from 'drizzle-orm';
import type { PlacementRepository } from '#domain/workspace/index.ts';
import { DATABASE_NOW_MS, lazy, type RepositoryDeps } from '../../engine/executor.ts';
import { projectPlacements } from '../../schema/index.ts';

export function createPlacementRepository({ executor }: RepositoryDeps): PlacementRepository {
  const ofProject = eq(projectPlacements.projectId, sql.placeholder('projectId'));
  const getHost = lazy(() =>
    executor
      .select({ host: projectPlacements.host })
      .from(projectPlacements)
      .where(ofProject)
      .prepare('placement_get'),
  );

  return {
    async get(projectId) {
      const [row] = await getHost().execute({ projectId });
      return row?.host ?? null;
    },
    async put(projectId, host) {
      // The update changes nothing: it makes the statement return the row that was there first.
      const [row] = await executor
        .insert(projectPlacements)
        .values({ projectId, host, placedAt: DATABASE_NOW_MS })
        .onConflictDoUpdate({
          target: projectPlacements.projectId,
          set: { host: sql`${projectPlacements.host}` },
        })
        .returning({ host: projectPlacements.host })
        .execute();
      return row?.host ?? host;
    },
    async remove(projectId) {
      await executor.delete(projectPlacements).where(eq(projectPlacements.projectId, projectId)).execute();
    },
  };
}
