import { createCompareTexts } from '#infra/work/compare-texts.ts';
import { lineDifference } from '#infra/work/line-diff.ts';
import type { TextWork } from '#ws/agent/ports.ts';
import { applyEdits } from '#ws/agent/tools/files/matching/apply-edits.ts';

/** What a worker would do, done in place. */
export function inlineTextWork(): TextWork {
  return {
    compare: createCompareTexts(async (job) => ({ ok: true, value: lineDifference(job) })),
    applyEdits: async (job) => ({ ok: true, value: applyEdits(job) }),
  };
}
