import type { Context } from '../context.ts';
import { emit } from '../events/emit.ts';
import type { SessionStatus } from '../session/session.ts';
import { sessionStatusOf } from './turn.ts';

/** A turn that waits for an answer is unfinished business as well. */
export function isRunningStatus(status: SessionStatus): boolean {
  return status === 'running' || status === 'waiting';
}

export async function readSessionStatus(ctx: Context<'turns'>, sessionId: string): Promise<SessionStatus> {
  const turn = await ctx.repositories.turns.current(sessionId);
  return turn ? sessionStatusOf(turn.status) : '';
}

/** Tells clients the session's status as the running transaction sees it. */
export async function emitSessionStatus(ctx: Context<'turns' | 'outbox'>, sessionId: string): Promise<void> {
  await emitStatus(ctx, sessionId, await readSessionStatus(ctx, sessionId));
}

export async function emitStatus(
  ctx: Context<'outbox'>,
  sessionId: string,
  status: SessionStatus,
): Promise<void> {
  await emit(ctx, {
    Type: 'session_status',
    session_id: sessionId,
    status,
    is_running: isRunningStatus(status),
  });
}
