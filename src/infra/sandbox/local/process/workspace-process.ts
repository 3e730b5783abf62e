import { PassThrough } from 'node:stream';
import type { WorkspaceProcess } from '#domain/workspace/index.ts';
import type { LaunchedProcess } from '../driver.ts';

const TERM_GRACE_MS = 2000;

/** A launched process as the port shows it. */
export function asWorkspaceProcess(launched: LaunchedProcess): WorkspaceProcess {
  let killing: Promise<void> | null = null;

  async function kill(): Promise<void> {
    launched.terminate();
    const timer = setTimeout(() => launched.kill(), TERM_GRACE_MS);
    // Unread output would keep the streams, and so the end, from coming.
    launched.stdout.resume();
    launched.stderr.resume();
    await launched.closed;
    clearTimeout(timer);
  }

  return {
    stdin: launched.stdin ?? new PassThrough(),
    stdout: launched.stdout,
    stderr: launched.stderr,
    exited: launched.closed,
    kill: () => {
      killing ??= kill();
      return killing;
    },
  };
}
