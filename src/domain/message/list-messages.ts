import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import type { Message } from './message.ts';

export interface MessagePage {
  /** In order. */
  messages: Message[];
  /** The `before` of the page of older messages; null when there are none, or no limit was given. */
  next: string | null;
}

/** The last `limit` messages of a session before the message `before`; without a limit all of them. */
export async function listMessages(
  ctx: Context<'sessions' | 'messages'>,
  input: { sessionId: string; limit?: number; before?: string },
): Promise<MessagePage> {
  const session = await getOwnedSession(ctx, input.sessionId);
  const { limit, before } = input;
  if (before !== undefined) await checkCursor(ctx, session.id, before);
  if (limit === undefined) {
    return { messages: await ctx.repositories.messages.list(session.id, { before }), next: null };
  }
  const rows = await ctx.repositories.messages.list(session.id, { limit: limit + 1, before });
  if (rows.length <= limit) return { messages: rows, next: null };
  const messages = rows.slice(1);
  return { messages, next: messages[0]?.id ?? null };
}

async function checkCursor(ctx: Context<'messages'>, sessionId: string, before: string): Promise<void> {
  const message = isId(before) ? await ctx.repositories.messages.get(before) : null;
  if (message?.sessionId === sessionId) return;
  throw new DomainError('invalid_input', 'before: no message of this session', { field: 'before' });
}
