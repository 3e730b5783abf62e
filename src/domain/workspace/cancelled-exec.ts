import type { ExecResult } from './workspace.ts';

/** Of a command whose caller went away before it had begun, at `startedAt` of `performance.now()`. */
export function cancelledBeforeStart(startedAt: number): ExecResult {
  return {
    stdout: '',
    stderr: '',
    exitCode: null,
    signal: null,
    timedOut: false,
    cancelled: true,
    truncatedBytes: 0,
    durationMs: Math.round(performance.now() - startedAt),
  };
}
