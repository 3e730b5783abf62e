import type { Context } from '../context.ts';
import type { SessionStatusView } from '../protocol/views/session.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import { isRunningStatus, readSessionStatus } from './session-status.ts';

export async function getSessionStatus(
  ctx: Context<'sessions' | 'turns'>,
  sessionId: string,
): Promise<SessionStatusView> {
  const session = await getOwnedSession(ctx, sessionId);
  const status = await readSessionStatus(ctx, session.id);
  return { session_id: session.id, status, is_running: isRunningStatus(status) };
}
