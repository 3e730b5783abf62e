import { within } from '#shared/async/within.ts';
import type { Context } from '../../context.ts';
import type { EventLog } from '../../events/event-log.ts';

export interface ForgetEventsDeps {
  eventLog: Pick<EventLog, 'remove'>;
}

const TIME_LIMIT_MS = 5_000;

/**
 * After deleted sessions' rows are gone: unbinds their sockets and empties their logs. Never throws; what a log
 * out of reach keeps goes with its time to live.
 */
export async function forgetEvents(
  { eventLog }: ForgetEventsDeps,
  ctx: Context,
  sessionIds: readonly string[],
): Promise<void> {
  for (const sessionId of sessionIds) ctx.notify('session_deleted', { sessionId });
  const removed = Promise.allSettled(sessionIds.map((id) => eventLog.remove(id)));
  const outcomes = await within(removed, TIME_LIMIT_MS, () => null);
  const failure = outcomes?.find((outcome) => outcome.status === 'rejected');
  if (outcomes && !failure) return;
  ctx.log.warn({ err: failure?.reason, session_ids: sessionIds.slice(0, 10) }, 'event logs not removed');
}
