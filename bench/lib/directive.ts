/** What a prompt asks of the scripted model. Stands as JSON at the end of the prompt. */
export type Directive =
  | { kind: 'deltas'; count: number; paceMs: number; stamp: boolean }
  /** This many chained calls of `bash`, then an answer. */
  | { kind: 'steps'; count: number };

const MARK = 'bench:';

export function promptOf(directive: Directive): string {
  return `${MARK}${JSON.stringify(directive)}`;
}

export function directiveIn(text: string): Directive | null {
  const at = text.lastIndexOf(MARK);
  return at < 0 ? null : (JSON.parse(text.slice(at + MARK.length).split('\n')[0] ?? '') as Directive);
}
