import type { WorkRefusal, WorkResult, WorkTerms } from '#shared/work.ts';

export interface Task {
  name: string;
  input: unknown;
  terms: WorkTerms;
  settle(result: WorkResult<unknown>): void;
}

export function refused(reason: WorkRefusal): { ok: false; reason: WorkRefusal } {
  return { ok: false, reason };
}
