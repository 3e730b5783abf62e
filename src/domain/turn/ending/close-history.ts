import type { Context } from '../../context.ts';
import { emit } from '../../events/emit.ts';
import type { Message, MessagePart, ToolResultPart } from '../../message/message.ts';
import { newMessage } from '../../message/new-message.ts';
import { toMessageView } from '../../message/wire.ts';
import { announceDecision } from '../../permission/announce-decision.ts';
import { isOpen } from '../../protocol/views/tool-call.ts';
import { toSessionView } from '../../session/wire.ts';
import type { ToolCall } from '../../toolcall/tool-call.ts';
import { toToolCallView } from '../../toolcall/wire.ts';
import type { Turn } from '../turn.ts';

export type TurnHistoryRepositories = 'sessions' | 'messages' | 'toolCalls' | 'permissions' | 'outbox';
type HistoryContext = Context<TurnHistoryRepositories>;

export interface Closing {
  reason: 'canceled' | 'error';
  message?: string;
  details?: string;
}

export const CANCELLED_RESULT = 'Cancelled by the user before it finished.';
export const FAILED_RESULT = 'Not finished: the turn ended with an error.';

/**
 * Closes what a turn left open: its permission requests, its tool calls (each gets a result), its
 * unfinished message. An error before the first answer leaves an assistant message that says so.
 */
export async function closeTurnHistory(ctx: HistoryContext, turn: Turn, closing: Closing): Promise<void> {
  await cancelRequests(ctx, turn);
  const calls = await ctx.repositories.toolCalls.listByTurn(turn.id);
  const open = calls.filter((call) => isOpen(call.status));
  const closed = await closeMessages(ctx, turn, { closing, calls, open });
  const results = await closeToolCalls(ctx, turn, open, closing);
  const answer = closed ?? (await addErrorMessage(ctx, turn, closing));
  if (answer) await tellError(ctx, answer, closing);
  const added = (answer && !closed ? 1 : 0) + results;
  if (added === 0) return;
  const session = await ctx.repositories.sessions.addUsage(
    turn.sessionId,
    { addMessages: added },
    ctx.clock.now(),
  );
  await emit(ctx, { Type: 'session_update', session_id: turn.sessionId, ...toSessionView(session) });
}

async function cancelRequests(ctx: HistoryContext, turn: Turn): Promise<void> {
  for (const request of await ctx.repositories.permissions.listPending(turn.sessionId)) {
    if (request.turnId !== turn.id) continue;
    const decision = { status: 'cancelled', by: null } as const;
    const settled = await ctx.repositories.permissions.settle(request.id, {
      status: decision.status,
      decidedBy: decision.by,
      now: ctx.clock.now(),
    });
    if (settled) await announceDecision(ctx, request, decision);
  }
}

/** Gives the unfinished message, or the one whose tools were still open, its finish part. Null if there was none. */
async function closeMessages(
  ctx: HistoryContext,
  turn: Turn,
  { closing, calls, open }: { closing: Closing; calls: ToolCall[]; open: ToolCall[] },
): Promise<Message | null> {
  let last: Message | null = null;
  const known = new Set(calls.map((call) => call.id));
  const unfinished = (await ctx.repositories.messages.listUnfinished(turn.sessionId)).filter(
    (message) => message.turnNumber === turn.number,
  );
  const asking = open[0]?.messageId ? await ctx.repositories.messages.get(open[0].messageId) : null;
  const targets =
    asking && !unfinished.some(({ id }) => id === asking.id) ? [...unfinished, asking] : unfinished;
  for (const message of targets) {
    // A call that was cut while it was streamed never became a tool call.
    const kept = message.parts.filter(
      (part) => part.type !== 'finish' && (part.type !== 'tool_call' || known.has(part.id)),
    );
    const now = ctx.clock.now();
    const closed: Message = {
      ...message,
      parts: [...kept, finishPart(closing, now)],
      finishedAt: now,
      updatedAt: now,
    };
    last = closed;
    const { parts, appliedCursor, finishedAt } = closed;
    await ctx.repositories.messages.setParts(message.id, { parts, appliedCursor, finishedAt, now });
    await emit(ctx, { Type: 'message', session_id: turn.sessionId, ...toMessageView(closed) });
  }
  return last;
}

async function closeToolCalls(
  ctx: HistoryContext,
  turn: Turn,
  open: readonly ToolCall[],
  closing: Closing,
): Promise<number> {
  if (open.length === 0) return 0;
  const cancelled = closing.reason === 'canceled';
  const content = cancelled ? CANCELLED_RESULT : FAILED_RESULT;
  for (const call of open) {
    const now = ctx.clock.now();
    const change = {
      status: cancelled ? ('cancelled' as const) : ('error' as const),
      result: content,
      isError: true,
      finishedAt: now,
    };
    await ctx.repositories.toolCalls.update(call.id, change, now);
    const updated: ToolCall = { ...call, ...change, updatedAt: now };
    await emit(ctx, { Type: 'tool_call_update', ...toToolCallView(updated) });
  }
  const results = open.map<ToolResultPart>((call) => ({
    type: 'tool_result',
    tool_call_id: call.id,
    name: call.name,
    content,
    is_error: true,
  }));
  await insertMessage(ctx, turn, 'tool', results);
  return 1;
}

async function addErrorMessage(ctx: HistoryContext, turn: Turn, closing: Closing): Promise<Message | null> {
  if (closing.reason !== 'error') return null;
  return insertMessage(ctx, turn, 'assistant', [finishPart(closing, ctx.clock.now())]);
}

/** Clients show an error by this frame; the message that it names is there before it. */
async function tellError(ctx: HistoryContext, answer: Message, { reason, message }: Closing): Promise<void> {
  if (reason !== 'error' || message === undefined) return;
  await emit(ctx, {
    Type: 'stream_delta',
    session_id: answer.sessionId,
    message_id: answer.id,
    delta_type: 'error',
    content: message,
    timestamp: ctx.clock.now(),
  });
}

async function insertMessage(
  ctx: HistoryContext,
  turn: Turn,
  role: 'assistant' | 'tool',
  parts: MessagePart[],
): Promise<Message> {
  const now = ctx.clock.now();
  const message = newMessage(
    {
      sessionId: turn.sessionId,
      turnNumber: turn.number,
      index: await ctx.repositories.messages.nextIndex(turn.sessionId, turn.number),
      role,
      parts,
    },
    now,
  );
  await ctx.repositories.messages.insert(message);
  await emit(ctx, { Type: 'message', session_id: turn.sessionId, ...toMessageView(message) });
  return message;
}

function finishPart({ reason, message, details }: Closing, time: number): MessagePart {
  return { type: 'finish', reason, time, ...(message ? { message } : {}), ...(details ? { details } : {}) };
}
