import type { Outcome } from './outcome.ts';
import type { Services } from './services.ts';

/** What a row may use. */
export interface Bench {
  services: Services;
  signal: AbortSignal;
  /** To stderr: what takes so long. */
  say(text: string): void;
}

export interface BenchRow {
  name: string;
  run(bench: Bench): Promise<Outcome[]>;
}
