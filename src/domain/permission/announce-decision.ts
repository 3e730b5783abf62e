import type { Context } from '../context.ts';
import { emit } from '../events/emit.ts';
import type { PermissionRequest } from './permission.ts';

export interface Decision {
  status: 'allowed' | 'denied' | 'expired' | 'cancelled';
  /** Whom clients and the record name. */
  by: string | null;
}

/** Tells all clients of the session that a request needs no answer any more. */
export async function announceDecision(
  ctx: Context<'outbox'>,
  request: PermissionRequest,
  { status, by }: Decision,
): Promise<void> {
  const granted = status === 'allowed';
  await emit(ctx, {
    Type: 'permission_notification',
    session_id: request.sessionId,
    tool_call_id: request.toolCallId,
    granted,
    denied: !granted,
    ...(by === null ? {} : { by }),
  });
}
