import type { WorkRefusal, WorkTerms } from '#shared/work.ts';

export interface TextPair {
  before: string;
  after: string;
  /** For the head of the diff. */
  oldName: string;
  newName: string;
}

/** What changed by lines. Where it was not compared every line counts as changed, and there is no diff. */
export interface Comparison {
  additions: number;
  removals: number;
  /** Unified, with three lines of context. */
  diff: string | null;
  refusal?: 'too_large' | WorkRefusal;
}

/** Compares off the event loop what is not small. Never throws. */
export type CompareTexts = (pair: TextPair, terms: WorkTerms) => Promise<Comparison>;
