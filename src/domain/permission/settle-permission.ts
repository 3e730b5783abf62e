import type { Context } from '../context.ts';
import { emit } from '../events/emit.ts';
import { toToolCallView } from '../toolcall/wire.ts';
import { emitSessionStatus } from '../turn/session-status.ts';
import { announceDecision, type Decision } from './announce-decision.ts';
import type { PermissionRequest } from './permission.ts';

export interface Settlement extends Decision {
  status: 'allowed' | 'denied' | 'expired';
}

export type SettleRepositories = 'permissions' | 'turns' | 'toolCalls' | 'outbox';

/**
 * Settles a pending request and lets its turn go on. Null when it was settled before. Runs inside a transaction.
 * The turn's row is locked first, as by everyone who changes turn and requests together; a turn with
 * another pending request keeps waiting.
 */
export async function settlePermission(
  ctx: Context<SettleRepositories>,
  request: PermissionRequest,
  { status, by }: Settlement,
): Promise<PermissionRequest | null> {
  const now = ctx.clock.now();
  const { permissions, turns } = ctx.repositories;
  const resumed = await turns.transition(request.turnId, ['waiting'], 'queued', { now });
  const settled = await permissions.settle(request.id, { status, decidedBy: by, now });
  const others = resumed ? await permissions.listPending(request.sessionId) : [];
  if (resumed && (!settled || others.some(({ turnId }) => turnId === request.turnId))) {
    await turns.transition(request.turnId, ['queued'], 'waiting', { now });
  }
  if (!settled) return null;
  await reopenCall(ctx, request.toolCallId);
  await announceDecision(ctx, request, { status, by });
  await emitSessionStatus(ctx, request.sessionId);
  ctx.notify('turn_queued', { sessionId: request.sessionId });
  return settled;
}

/** The call does not wait any more; whoever goes on with the turn runs or refuses it. */
async function reopenCall(ctx: Context<'toolCalls' | 'outbox'>, toolCallId: string): Promise<void> {
  const call = await ctx.repositories.toolCalls.get(toolCallId);
  if (call?.status !== 'awaiting_permission') return;
  const now = ctx.clock.now();
  await ctx.repositories.toolCalls.update(call.id, { status: 'pending' }, now);
  await emit(ctx, {
    Type: 'tool_call_update',
    ...toToolCallView({ ...call, status: 'pending', updatedAt: now }),
  });
}
