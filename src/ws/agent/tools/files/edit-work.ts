import type { WorkTerms } from '#shared/work.ts';
import type { ToolScope } from '../../ports.ts';
import { CALL_WORK_MS } from '../limits.ts';
import type { EditJob, EditsApplied } from './matching/apply-edits.ts';

/** One budget for all that a call matches and compares. */
export function editTerms({ session }: Pick<ToolScope, 'session'>): WorkTerms {
  return { key: session.userId, budget: { leftMs: CALL_WORK_MS } };
}

/** A text says why it could not be done. */
export async function applyInTime(
  { work }: Pick<ToolScope, 'work'>,
  terms: WorkTerms,
  job: EditJob,
): Promise<EditsApplied | string> {
  const done = await work.applyEdits(job, terms);
  if (done.ok) return done.value;
  return done.reason === 'busy'
    ? 'The server is busy with other edits; repeat this one'
    : 'The edit took too long; change less at a time, or a smaller file';
}
