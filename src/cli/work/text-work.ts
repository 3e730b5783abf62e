import { createCompareTexts } from '#infra/work/compare-texts.ts';
import type { DiffJob, LineDifference } from '#infra/work/line-diff.ts';
import type { WorkPool } from '#infra/work/pool.ts';
import type { TextWork } from '#ws/agent/ports.ts';
import {
  applyEdits,
  type EditJob,
  type EditsApplied,
  isSmallJob,
} from '#ws/agent/tools/files/matching/apply-edits.ts';

/** What workers know to do. */
export type TextJobs = {
  compare(job: DiffJob): LineDifference | null;
  edit(job: EditJob): EditsApplied;
};

/** Small texts at once, larger ones in the pool. */
export function createTextWork(pool: WorkPool): TextWork {
  return {
    compare: createCompareTexts((job, terms) => pool.run('compare' satisfies keyof TextJobs, job, terms)),
    async applyEdits(job, terms) {
      if (isSmallJob(job)) return { ok: true, value: applyEdits(job) };
      return pool.run('edit' satisfies keyof TextJobs, job, terms);
    },
  };
}
