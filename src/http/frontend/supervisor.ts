import type { FrontendRequest, FrontendStatus } from '#domain/frontend/index.ts';
import type { FrontendState } from '#domain/protocol/views/frontend.ts';
import { WorkspaceError, type WorkspaceProvider } from '#domain/workspace/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import { within } from '#shared/async/within.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { createScrollback } from '#shared/scrollback.ts';
import type { FrontendLimits } from './limits.ts';
import { runCommand } from './run.ts';

export interface SupervisorDeps {
  request: FrontendRequest;
  workspaces: Pick<WorkspaceProvider, 'open'>;
  /** Why it may not be started again; null: it may. */
  refusal(): Promise<string | null>;
  limits: FrontendLimits;
  clock: Clock;
  log: Log;
}

/** A command that is started again when it ends, until it is stopped or given up. */
export interface Supervisor {
  status(): FrontendStatus;
  /** Null while it is active. */
  endedAt(): number | null;
  /** Resolves when it is no longer active; never rejects. */
  readonly ended: Promise<void>;
  /** Resolves when nothing of it runs, or when it does not end in time. `why` is told as its problem. */
  stop(why?: string): Promise<void>;
}

export function createSupervisor(deps: SupervisorDeps): Supervisor {
  const { request, workspaces, refusal, limits, clock } = deps;
  const { projectId, workspaceRoot, command, port } = request;
  const log = deps.log.child({ project_id: projectId });
  const output = createScrollback(limits.logBytes);
  const stopping = new AbortController();
  const { signal } = stopping;
  let state: FrontendState = 'starting';
  let lastExit: { exitCode: number | null; signal: string | null } = { exitCode: null, signal: null };
  let restarts = 0;
  let startedAt = clock.now();
  let problem: string | null = null;
  let endedAt: number | null = null;

  /** How it ended, in words. */
  async function live(): Promise<string> {
    try {
      const workspace = await workspaces.open(projectId, workspaceRoot);
      const ended = await runCommand({
        workspace,
        command,
        port,
        limits,
        signal,
        onOutput: output.push,
        onRunning() {
          state = 'running';
          problem = null;
        },
        onKillFailed: (error) => log.warn({ err: error }, 'a start command was not ended'),
      });
      if (!signal.aborted) lastExit = ended;
      return ended.signal === null
        ? `it ended with exit code ${ended.exitCode}`
        : `it was ended by ${ended.signal}`;
    } catch (error) {
      if (error instanceof WorkspaceError) return `it could not be started: ${error.message}`;
      log.warn({ err: error }, 'a start command could not be started');
      return 'it could not be started: the workspace does not answer';
    }
  }

  async function supervise(): Promise<void> {
    let quick = 0;
    for (let delayMs = limits.firstDelayMs; !signal.aborted; restarts += 1) {
      startedAt = clock.now();
      const how = await live();
      if (signal.aborted) return;
      const ranMs = clock.now() - startedAt;
      quick = ranMs < limits.quickMs ? quick + 1 : 0;
      if (quick >= limits.quickFailures) {
        state = 'failed';
        problem = `Given up after ${quick} quick failures in a row; the last time ${how}`;
        return;
      }
      if (ranMs >= limits.stableMs) delayMs = limits.firstDelayMs;
      state = 'starting';
      problem = `The last time ${how}; it is started again after ${delayMs / 1000} s`;
      await sleep(delayMs, signal).catch(() => {});
      delayMs = Math.min(delayMs * 2, limits.longestDelayMs);
      const why = signal.aborted ? null : await refusal();
      if (why !== null) problem = why;
      if (signal.aborted || why !== null) return;
    }
  }

  const ended = supervise()
    .catch((error: unknown) => {
      log.error({ err: error }, 'a start command is no longer supervised');
      state = 'failed';
      problem = 'Its supervision failed; start it again';
    })
    .then(() => {
      if (state !== 'failed') state = 'stopped';
      endedAt = clock.now();
    });

  return {
    ended,
    endedAt: () => endedAt,
    status: () => ({
      state,
      command,
      port,
      exitCode: lastExit.exitCode,
      signal: lastExit.signal,
      restarts,
      startedAt,
      problem,
      log: output.read(output.firstLine(), limits.logBytes).toString(),
    }),
    async stop(why) {
      if (endedAt !== null) return;
      if (!signal.aborted) problem = why ?? null;
      stopping.abort();
      await within(ended, limits.waitMs, () => log.warn({}, 'a start command does not end'));
    },
  };
}
