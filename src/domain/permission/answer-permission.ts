import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError, notFound } from '../errors.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import type { PermissionDecision, PermissionRequest } from './permission.ts';
import { type SettleRepositories, settlePermission } from './settle-permission.ts';

export interface PermissionAnswer {
  sessionId: string;
  /** One of the two names the request. */
  requestId?: string;
  toolCallId?: string;
  decision: PermissionDecision;
}

/**
 * The first answer wins; later ones throw `permission_settled`. `allow_session` also stores a grant for
 * exactly what was shown: this session, tool, action, directory and the request's scopes.
 */
export async function answerPermission(
  ctx: Context<SettleRepositories | 'sessions'>,
  answer: PermissionAnswer,
): Promise<PermissionRequest> {
  return ctx.transaction(async (tx) => {
    const session = await getOwnedSession(tx, answer.sessionId);
    const request = await findRequest(tx, answer);
    if (request?.sessionId !== session.id) throw notFound('Permission request');
    const by = tx.actor.kind === 'user' ? tx.actor.userId : 'system';
    const settled = await settlePermission(tx, request, {
      status: answer.decision === 'deny' ? 'denied' : 'allowed',
      by,
    });
    if (!settled) throw new DomainError('permission_settled', 'This request has already been answered');
    if (answer.decision === 'allow_session') {
      const { toolName, action, path, scopes } = request;
      const grant = {
        sessionId: session.id,
        toolName,
        action,
        path,
        grantedBy: by,
        createdAt: tx.clock.now(),
      };
      await tx.repositories.permissions.grant(grant, scopes);
    }
    return settled;
  });
}

async function findRequest(
  ctx: Context<'permissions'>,
  { requestId, toolCallId }: PermissionAnswer,
): Promise<PermissionRequest | null> {
  if (isId(requestId)) return ctx.repositories.permissions.get(requestId);
  if (isId(toolCallId)) return ctx.repositories.permissions.getByToolCall(toolCallId);
  return null;
}
