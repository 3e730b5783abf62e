import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError, notFound } from '../errors.ts';
import type { Session } from './session.ts';

/**
 * The one authorization of sessions: a foreign id answers as a missing one. The service itself owns all.
 * What adds to a session locks it, which throws `conflict` once its deletion has begun.
 */
export async function getOwnedSession(
  ctx: Context<'sessions'>,
  id: string,
  read: 'get' | 'lock' = 'get',
): Promise<Session> {
  const session = isId(id) ? await ctx.repositories.sessions[read](id) : null;
  if (!session) throw notFound('Session');
  if (ctx.actor.kind === 'user' && session.userId !== ctx.actor.userId) throw notFound('Session');
  if (read === 'lock' && session.deletingSince !== null) {
    throw new DomainError('conflict', 'This session is being deleted');
  }
  return session;
}
