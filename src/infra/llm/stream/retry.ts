import type { Failure } from '../failure/failure.ts';

export const MAX_RETRIES = 2;
const FIRST_WAIT_MS = 2_000;
const MAX_RETRY_AFTER_MS = 60_000;

/** The wait before retry number `attempt` (1, 2), or null when the failure is final. */
export function retryWaitMs(failure: Failure, attempt: number): number | null {
  if (!failure.retryable || attempt > MAX_RETRIES) return null;
  const { retryAfterMs } = failure;
  if (retryAfterMs !== null && retryAfterMs < MAX_RETRY_AFTER_MS) return retryAfterMs;
  return FIRST_WAIT_MS * 2 ** (attempt - 1);
}
