import { sleep } from '#shared/async/sleep.ts';
import type { Context } from '../../context.ts';
import { cancelSession } from './cancel-session.ts';
import type { TurnHistoryRepositories } from './close-history.ts';

export type StopRepositories = TurnHistoryRepositories | 'turns' | 'sessions';

const STOP_TIMEOUT_MS = 10_000;
const POLL_INTERVAL_MS = 50;

/**
 * Cancels the turns of these sessions and waits until they have ended, within a bound: an owner that does not
 * answer loses its rows, and with them the right to write.
 */
export async function stopSessions(
  ctx: Context<StopRepositories>,
  sessionIds: readonly string[],
): Promise<void> {
  const stopping: string[] = [];
  for (const id of sessionIds) {
    if (!(await isBusy(ctx, id))) continue;
    if ((await cancelSession(ctx, id)).stopping) stopping.push(id);
  }
  const deadline = performance.now() + STOP_TIMEOUT_MS;
  for (const id of stopping) {
    while (performance.now() < deadline && (await isBusy(ctx, id))) await sleep(POLL_INTERVAL_MS);
  }
}

async function isBusy(ctx: Context<'turns'>, sessionId: string): Promise<boolean> {
  return (await ctx.repositories.turns.listUnfinished(sessionId)).length > 0;
}
