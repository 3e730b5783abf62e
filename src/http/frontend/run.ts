import type { Workspace, WorkspaceProcess } from '#domain/workspace/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import type { FrontendLimits } from './limits.ts';

export interface RunDeps {
  workspace: Pick<Workspace, 'spawn' | 'connect'>;
  command: string;
  port: number | null;
  limits: Pick<FrontendLimits, 'firstProbeMs' | 'longestProbeMs' | 'waitMs'>;
  /** Ends it. */
  signal: AbortSignal;
  onOutput(bytes: Buffer): void;
  /** Once, when its port accepts; without a port when it has begun. */
  onRunning(): void;
  onKillFailed(error: unknown): void;
}

/** One life of a command: resolves when it and all that it started has ended. Throws `WorkspaceError`. */
export async function runCommand(deps: RunDeps): Promise<Awaited<WorkspaceProcess['exited']>> {
  const { workspace, command, port, signal } = deps;
  // Bash takes a socket as standard input for a remote login and would read start-up files.
  const process = await workspace.spawn({
    argv: ['/bin/bash', '--noprofile', '--norc', '-c', command],
    env: port === null ? {} : { PORT: String(port) },
  });
  const life = new AbortController();
  const kill = () => void process.kill().catch(deps.onKillFailed);
  process.stdin.on('error', () => {});
  process.stdin.end();
  for (const stream of [process.stdout, process.stderr]) {
    stream.on('data', deps.onOutput);
    stream.on('error', () => {});
  }
  signal.addEventListener('abort', kill, { once: true });
  if (signal.aborted) kill();
  const probing = untilListening(deps, life.signal);
  try {
    return await process.exited;
  } finally {
    signal.removeEventListener('abort', kill);
    life.abort();
    await probing;
  }
}

async function untilListening(
  { workspace, port, limits, onRunning }: RunDeps,
  life: AbortSignal,
): Promise<void> {
  if (port === null) return onRunning();
  const { firstProbeMs, longestProbeMs, waitMs } = limits;
  for (let pauseMs = firstProbeMs; !life.aborted; pauseMs = Math.min(pauseMs * 1.5, longestProbeMs)) {
    try {
      const connection = await workspace.connect(port, AbortSignal.any([life, AbortSignal.timeout(waitMs)]));
      connection.on('error', () => {});
      connection.destroy();
      if (!life.aborted) onRunning();
      return;
    } catch {
      await sleep(pauseMs, life).catch(() => {});
    }
  }
}
