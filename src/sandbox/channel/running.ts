import type { WorkspaceErrorCode, WorkspaceProvider } from '#domain/workspace/index.ts';
import { WorkspaceError } from '#domain/workspace/index.ts';
import type { Log } from '#shared/log.ts';
import type { Activity } from '../activity.ts';
import type { Outlet } from './outlet.ts';

/** Something that runs for a channel. */
export interface Running {
  /** TERM, then KILL. */
  stop(): void;
  stdin(payload: Buffer): void;
  endStdin(): void;
  grant(stream: 'stdout' | 'stderr', bytes: number): void;
}

export interface RunDeps {
  provider: WorkspaceProvider;
  activity: Activity;
  outlet: Outlet;
  log: Log;
  /** Told when nothing more comes. */
  done(): void;
  /** The caller does not keep to the rules of the channel. */
  violated(reason: string): void;
}

/** A failure as the caller is told. */
export function describeFailure(error: unknown, log: Log): { code: WorkspaceErrorCode; error: string } {
  if (error instanceof WorkspaceError) return { code: error.code, error: error.message };
  log.error({ err: error }, 'command failed');
  return { code: 'unavailable', error: 'The sandbox host could not run the command.' };
}
