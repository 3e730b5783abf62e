import type { Project } from '../project/project.ts';
import type { FrontendState } from '../protocol/views/frontend.ts';

/** What is run for whom. */
export interface FrontendRequest extends Pick<Project, 'userId' | 'workspaceRoot'> {
  projectId: string;
  command: string;
  port: number | null;
}

export interface FrontendStatus {
  state: FrontendState;
  command: string;
  port: number | null;
  /** How it ended by itself the last time; both null: it did not. */
  exitCode: number | null;
  signal: string | null;
  restarts: number;
  /** Unix ms. */
  startedAt: number;
  problem: string | null;
  log: string;
}

/** The start commands that this process runs, one of each project. */
export interface Frontends {
  /** Throws `conflict` when the project's runs, `too_many_requests` for a user who runs too many. */
  start(request: FrontendRequest): FrontendStatus;
  /** Resolves when nothing of it runs. */
  stop(projectId: string): Promise<void>;
  /** Null: not started here, or long ended. */
  get(projectId: string): FrontendStatus | null;
}
