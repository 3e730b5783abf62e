import { afterClose, CLOSE, closeMeaning } from '#domain/protocol/close-codes.ts';

/** What to do after a connection ended or was refused. */
export type ClosePolicy =
  | { action: 'resume'; minDelayMs: number; maxDelayMs: number; forgetCursor: boolean }
  | { action: 'renew_token' }
  | { action: 'give_up'; reason: string };

const BACKOFF_FIRST_MS = 250;
const BACKOFF_MAX_MS = 10_000;
const DRAIN_DELAY_MS = 2_000;
const OVERLOAD_DELAY_MS = 2_000;

/** By close-code class: 40xx and transport failures resume, 41xx renew the token first, 42xx are final. */
export function closePolicy(code: number, attempt: number): ClosePolicy {
  const after = afterClose(code);
  if (after === 'terminal') {
    return { action: 'give_up', reason: closeMeaning(code) ?? `the server closed the connection (${code})` };
  }
  if (after === 'fix') return { action: 'renew_token' };
  if (code === CLOSE.draining) {
    return { action: 'resume', minDelayMs: 0, maxDelayMs: DRAIN_DELAY_MS, forgetCursor: false };
  }
  const slow = code === CLOSE.rateLimited || code === CLOSE.overloaded;
  return backOff(attempt, slow ? OVERLOAD_DELAY_MS : 0, code === CLOSE.insufficientState);
}

/** For an upgrade that was answered with an HTTP status instead. */
export function refusalPolicy(status: number, attempt: number, message: string): ClosePolicy {
  if (status === 401) return { action: 'renew_token' };
  if (status === 429 || status >= 500) return backOff(attempt, OVERLOAD_DELAY_MS, false);
  return { action: 'give_up', reason: message };
}

/** Exponential with full jitter: the caller picks a random delay between the two. */
function backOff(attempt: number, minDelayMs: number, forgetCursor: boolean): ClosePolicy {
  const ceiling = Math.min(BACKOFF_MAX_MS, BACKOFF_FIRST_MS * 2 ** Math.min(attempt, 16));
  return { action: 'resume', minDelayMs, maxDelayMs: Math.max(ceiling, minDelayMs * 2), forgetCursor };
}
