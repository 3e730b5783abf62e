import type { Lease, Turn } from '#domain/turn/index.ts';
import type { AgentDeps } from '../ports.ts';
import type { ProjectFactsReader } from '../prompt/project-facts.ts';
import type { JobRegistry } from '../tools/shell/jobs.ts';
import type { Tool } from '../tools/tool.ts';

export interface RunnerDeps extends AgentDeps {
  jobs: JobRegistry;
  facts: ProjectFactsReader;
  tools: readonly Tool[];
  /** Work that outlives the turn; the coordinator waits for it when it closes. */
  background(task: (signal: AbortSignal) => Promise<void>): void;
}

export interface ClaimedTurn {
  turn: Turn;
  lease: Lease;
  takenOver: boolean;
  /** Stop at once. */
  signal: AbortSignal;
  /** Stop at the next boundary. */
  pause: AbortSignal;
  abortLost(): void;
}
