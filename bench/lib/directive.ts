/** What a prompt asks of the scripted model. Stands as JSON at the end of the prompt. */
export type Directive =
  | { kind: 'deltas'; count: number; paceMs: number; stamp: boolean }
  /** This many chained calls of `bash`, then an answer. */
  | { kind: 'steps'; count: number };

/** The least of a turn; the first one of a session also names it. */
export const FIRST_PROMPT: Directive = { kind: 'deltas', count: 1, paceMs: 0, stamp: false };

const MARK = 'bench:';

export function promptOf(directive: Directive): string {
  return `${MARK}${JSON.stringify(directive)}`;
}

export function directiveIn(text: string): Directive | null {
  const at = text.lastIndexOf(MARK);
  return at < 0 ? null : (JSON.parse(text.slice(at + MARK.length).split('\n')[0] ?? '') as Directive);
}
