export type Answer = { kind: 'line'; text: string } | { kind: 'end' } | { kind: 'interrupt' };

export interface Question {
  text: string;
  signal: AbortSignal;
  /** What is typed is not shown and not remembered. */
  isSecret?: boolean;
  /** What was typed before the question was shown, or is pasted, does not answer it. */
  isFresh?: boolean;
}
