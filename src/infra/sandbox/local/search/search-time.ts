import { setImmediate } from 'node:timers/promises';
import { WorkspaceError } from '#domain/workspace/index.ts';

/** How long matching may hold up the event loop. */
const BREATH_MS = 15;

/** Runs `body` under a time-out of its own; that time-out is an error of the workspace, the caller's signal its own. */
export async function timed<T>(
  timeoutMs: number,
  signal: AbortSignal | undefined,
  body: (bound: AbortSignal) => Promise<T>,
): Promise<T> {
  signal?.throwIfAborted();
  const timeout = AbortSignal.timeout(timeoutMs);
  const bound = signal === undefined ? timeout : AbortSignal.any([signal, timeout]);
  try {
    return await body(bound);
  } catch (error) {
    if (signal?.aborted) throw signal.reason;
    if (timeout.aborted)
      throw new WorkspaceError('timeout', `The search took more than ${timeoutMs / 1000} s.`);
    throw error;
  }
}

/** Called between pieces of work; lets others have the event loop when it has been held long enough. */
export function createBreather(signal: AbortSignal): () => Promise<void> | null {
  let since = performance.now();
  return () => {
    if (performance.now() - since < BREATH_MS) return null;
    return setImmediate().then(() => {
      since = performance.now();
      signal.throwIfAborted();
    });
  };
}
