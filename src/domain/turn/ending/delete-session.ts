import type { Context } from '../../context.ts';
import { getOwnedSession } from '../../session/get-owned-session.ts';
import { type ForgetEventsDeps, forgetEvents } from './forget-events.ts';
import { type StopRepositories, stopSessions } from './stop-sessions.ts';

/** Accepts nothing more, ends the running turn, then removes the session with all that hangs on it. */
export async function deleteSession(
  deps: ForgetEventsDeps,
  ctx: Context<StopRepositories>,
  sessionId: string,
): Promise<void> {
  const session = await getOwnedSession(ctx, sessionId);
  await ctx.repositories.sessions.beginDeletion({ id: session.id }, ctx.clock.now());
  await stopSessions(ctx, [session.id]);
  await ctx.repositories.sessions.delete(session.id);
  await forgetEvents(deps, ctx, [session.id]);
}
