import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError, notFound } from '../errors.ts';
import { MAX_PAGE_SIZE } from '../page.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import { MAX_PAGE_BYTES } from './limits.ts';
import type { ToolCall } from './tool-call.ts';

/**
 * The last `limit` tool calls of a session before the call `before`, in order of creation, as many as have some
 * megabytes. `next`: the `before` of the page of older ones; null when there are none.
 */
export async function listToolCalls(
  ctx: Context<'sessions' | 'toolCalls'>,
  input: { sessionId: string; limit?: number; before?: string },
): Promise<{ calls: ToolCall[]; next: string | null }> {
  const { limit = MAX_PAGE_SIZE, before } = input;
  const session = await getOwnedSession(ctx, input.sessionId);
  if (before !== undefined && !isId(before)) {
    throw new DomainError('invalid_input', 'before: no tool call of this session', { field: 'before' });
  }
  const page = { limit, before, maxBytes: MAX_PAGE_BYTES };
  const { calls, more } = await ctx.repositories.toolCalls.page(session.id, page);
  return { calls, next: more ? (calls[0]?.id ?? null) : null };
}

/** Those that have not ended, in order of creation. */
export async function listOpenToolCalls(
  ctx: Context<'sessions' | 'toolCalls'>,
  sessionId: string,
): Promise<ToolCall[]> {
  const session = await getOwnedSession(ctx, sessionId);
  return ctx.repositories.toolCalls.listOpen(session.id);
}

export async function getToolCall(
  ctx: Context<'sessions' | 'toolCalls'>,
  input: { sessionId: string; toolCallId: string },
): Promise<ToolCall> {
  const session = await getOwnedSession(ctx, input.sessionId);
  const call = isId(input.toolCallId) ? await ctx.repositories.toolCalls.get(input.toolCallId) : null;
  if (call?.sessionId !== session.id) throw notFound('Tool call');
  return call;
}
