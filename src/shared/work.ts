/** What is left of the time that one request or one tool call may take of a worker. */
export interface WorkBudget {
  leftMs: number;
}

export interface WorkTerms {
  /** Whose share it counts against: a user. */
  key: string;
  budget: WorkBudget;
}

/** `busy`: too much is waiting. `failed`: the worker broke, for instance for want of memory. */
export type WorkRefusal = 'too_slow' | 'busy' | 'failed';

export type WorkResult<T> = { ok: true; value: T } | { ok: false; reason: WorkRefusal };
