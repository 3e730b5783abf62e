import type { OpenTerminalDeps } from '#domain/terminal/index.ts';
import { WORKSPACE_ROOT, type WorkspaceProvider } from '#domain/workspace/index.ts';
import type { JobRegistry } from '#ws/agent/index.ts';
import { createTerminalRegistry } from '#ws/terminal/index.ts';
import type { CloseStack } from '../../close-stack.ts';
import type { Platform } from '../platform/platform.ts';

export interface TerminalsDeps {
  platform: Platform;
  workspaces: WorkspaceProvider;
  jobs: Pick<JobRegistry, 'adopt'>;
  stack: CloseStack;
}

/** Shells that users open in workspaces. One that belongs to a session is among its jobs, so that the agent sees it. */
export function openTerminals({ platform, workspaces, jobs, stack }: TerminalsDeps): OpenTerminalDeps {
  const { config, bus, clock, log } = platform;
  const terminals = createTerminalRegistry({
    bus,
    record(sessionId, running) {
      const { id: jobId, stdout } = jobs.adopt(sessionId, { ...running, cwd: WORKSPACE_ROOT });
      return { jobId, output: (bytes) => stdout.push(bytes) };
    },
    limits: { perUser: config.limits.user_terminals },
    clock,
    log,
  });
  stack.push('terminals', () => terminals.close());
  return { workspaces, terminals };
}
