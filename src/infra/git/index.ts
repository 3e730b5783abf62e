import { type SourceControl, SourceControlError } from '#domain/workspace/index.ts';
import { createSemaphore } from '#shared/async/semaphore.ts';
import { cloneRepository } from './clone.ts';
import { createGuardedHttp, type GuardedHttpDeps } from './smart-http/guarded-http.ts';
import { diffWorkingTree } from './working-tree-diff.ts';

export interface SourceControlDeps extends GuardedHttpDeps {
  /** What a clone may take, as a pack and on disk. */
  maxCloneBytes: number;
  cloneTimeoutMs?: number;
  diffTimeoutMs?: number;
}

const CLONE_TIMEOUT_MS = 120_000;
const DIFF_TIMEOUT_MS = 20_000;
/** For each owner two at once; the others of that owner wait, and owners take turns. */
const PLACES = {
  size: 16,
  sizePerKey: 2,
  maxWaiting: 128,
  maxWaitingPerKey: 4,
  maxWaitMs: 30_000,
  refusal: busy,
};

/** Git through the port of workspaces, so that it is the same wherever they are. */
export function createSourceControl(deps: SourceControlDeps): SourceControl {
  const { cloneTimeoutMs = CLONE_TIMEOUT_MS, diffTimeoutMs = DIFF_TIMEOUT_MS } = deps;
  const http = createGuardedHttp(deps);
  const closing = new AbortController();
  const clones = createSemaphore(PLACES);
  const diffs = createSemaphore(PLACES);

  return {
    clone: (workspace, request, signal) =>
      clones.run(
        () =>
          timed('the clone', cloneTimeoutMs, [signal, closing.signal], (bound) =>
            cloneRepository({ http, maxBytes: deps.maxCloneBytes }, workspace, request, bound),
          ),
        request.ownerId,
        signal,
      ),
    diff: (workspace, { path, ownerId }, signal) =>
      diffs.run(
        () =>
          timed('The diff', diffTimeoutMs, [signal, closing.signal], (bound) =>
            diffWorkingTree(workspace, path, bound),
          ),
        ownerId,
        signal,
      ),
    async close() {
      closing.abort(new SourceControlError('busy', 'This server is shutting down'));
      await http.close();
    },
  };
}

function busy(of: 'key' | 'all'): SourceControlError {
  const message =
    of === 'key'
      ? 'You have enough of these running and waiting already, try again when one has ended'
      : 'Too many of these run at this moment, try again later';
  return new SourceControlError('busy', message);
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
