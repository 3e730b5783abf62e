import type { ExecRequest, ExecResult, Workspace } from '#domain/workspace/index.ts';
import type { Activity } from './activity.ts';

/** Runs a command that the caller, its project's end and the server's end can stop. */
export async function runTracked(
  activity: Activity,
  workspace: Workspace,
  request: ExecRequest,
  signal: AbortSignal,
): Promise<ExecResult> {
  const own = new AbortController();
  const end = activity.begin(workspace.projectId, () => own.abort());
  try {
    return await workspace.exec(request, AbortSignal.any([signal, own.signal]));
  } finally {
    end();
  }
}
