import { and, asc, eq, sql } from 'drizzle-orm';
import type { Step, StepRepository } from '#domain/turn/index.ts';
import type { RepositoryDeps } from '../../engine/executor.ts';
import { createStatements } from '../../engine/statements.ts';
import { steps } from '../../schema/index.ts';

export function createStepRepository({ executor }: RepositoryDeps): StepRepository {
  const statements = createStatements();
  return {
    async insert(step) {
      await statements.insert('step', { table: steps, rows: [{ ...step }] }, (rows) =>
        executor.insert(steps).values(rows as never),
      );
    },
    async finish(turnId, subjectId, { state, output, now }) {
      const values = { state, output, finishedAt: now };
      const change = { table: steps, values, parameters: { turnId, subjectId } };
      const isIt = () =>
        and(
          eq(steps.turnId, sql.placeholder('turnId')),
          eq(steps.subjectId, sql.placeholder('subjectId')),
          sql`${steps.state} = 'started'`,
        );
      await statements.change('step', change, (set) => executor.update(steps).set(set).where(isIt()));
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
