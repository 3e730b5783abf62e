import { and, asc, eq } from 'drizzle-orm';
import type { Step, StepRepository } from '#domain/turn/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { steps } from '../../schema/index.ts';

export function createStepRepository({ executor }: RepositoryDeps): StepRepository {
  return {
    async insert(step) {
      await executor.insert(steps).values(step).execute();
    },
    async finish(turnId, subjectId, { state, output, now }) {
      await executor
        .update(steps)
        .set({ state, output, finishedAt: now })
        .where(and(eq(steps.turnId, turnId), eq(steps.subjectId, subjectId), eq(steps.state, 'started')))
        .execute();
    },
    async list(turnId) {
      const rows = await executor
        .select()
        .from(steps)
        .where(eq(steps.turnId, turnId))
        .orderBy(asc(steps.index))
        .execute();
      return rows.map(toStep);
    },
  };
}

function toStep(row: typeof steps.$inferSelect): Step {
  return row;
}
