import { type SourceControl, SourceControlError } from '#domain/workspace/index.ts';
import { cloneRepository } from './clone.ts';
import { createGuardedHttp, type GuardedHttpDeps } from './guarded-http.ts';
import { createSlots } from './slots.ts';
import { diffWorkingTree } from './working-tree-diff.ts';

export interface SourceControlDeps extends GuardedHttpDeps {
  /** What a clone may take, as a pack and on disk. */
  maxCloneBytes: number;
  cloneTimeoutMs?: number;
  diffTimeoutMs?: number;
}

const CLONE_TIMEOUT_MS = 120_000;
const DIFF_TIMEOUT_MS = 20_000;
const CLONES = { total: 8, perOwner: 2 };
/** Of a project. */
const DIFFS = { total: 8, perOwner: 2 };

/** Git through the port of workspaces, so that it is the same wherever they are. */
export function createSourceControl(deps: SourceControlDeps): SourceControl {
  const { cloneTimeoutMs = CLONE_TIMEOUT_MS, diffTimeoutMs = DIFF_TIMEOUT_MS } = deps;
  const http = createGuardedHttp(deps);
  const closing = new AbortController();
  const clones = createSlots(CLONES);
  const diffs = createSlots(DIFFS);

  return {
    clone: (workspace, request, signal) =>
      clones.run(request.ownerId, () =>
        timed('the clone', cloneTimeoutMs, [signal, closing.signal], (bound) =>
          cloneRepository({ http, maxBytes: deps.maxCloneBytes }, workspace, request, bound),
        ),
      ),
    diff: (workspace, path, signal) =>
      diffs.run(workspace.projectId, () =>
        timed('The diff', diffTimeoutMs, [signal, closing.signal], (bound) =>
          diffWorkingTree(workspace, path, bound),
        ),
      ),
    async close() {
      closing.abort(new SourceControlError('busy', 'This server is shutting down'));
      await http.close();
    },
  };
}

async function timed<T>(
  what: string,
  timeoutMs: number,
  signals: AbortSignal[],
  run: (bound: AbortSignal) => Promise<T>,
): Promise<T> {
  const timeout = new AbortController();
  const timer = setTimeout(() => {
    const message = `${what} took longer than ${timeoutMs / 1000} seconds`;
    timeout.abort(new SourceControlError('timeout', message));
  }, timeoutMs);
  const bound = AbortSignal.any([...signals, timeout.signal]);
  try {
    return await run(bound);
  } catch (error) {
    throw bound.aborted ? bound.reason : error;
  } finally {
    clearTimeout(timer);
  }
}
