import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import type { ToolCall } from './tool-call.ts';

/** All tool calls of a session in order of creation; `open`: only those that have not ended. */
export async function listToolCalls(
  ctx: Context<'sessions' | 'toolCalls'>,
  input: { sessionId: string; open?: boolean },
): Promise<ToolCall[]> {
  const session = await getOwnedSession(ctx, input.sessionId);
  const { toolCalls } = ctx.repositories;
  return input.open ? toolCalls.listOpen(session.id) : toolCalls.list(session.id);
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
