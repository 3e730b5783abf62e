import type { PermissionRepository, PermissionRequest } from '#domain/permission/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { canonicalJson, sha256 } from '#shared/digest.ts';
import { newId } from '#shared/ids.ts';
import { revealContent, revealText } from '#shared/visible-text.ts';
import type { ToolAsk } from '../tools/tool.ts';
import { boundObject } from './bounds.ts';
import { MAX_PARAMS_BYTES } from './limits.ts';

export type Decision =
  | { kind: 'allowed' | 'denied' | 'expired' }
  | { kind: 'ask'; request: PermissionRequest; isNew: boolean };

export interface ApprovalDeps {
  permissions: Pick<PermissionRepository, 'getByToolCall' | 'hasGrant'>;
  settings: { allowedTools: readonly string[]; skipRequests: boolean; permissionTimeoutMs: number };
  clock: { now(): number };
}

/** An answer holds for exactly what was shown. */
export function fingerprintOf({ toolName, action, path, params }: ToolAsk): string {
  return sha256(canonicalJson({ toolName, action, path, params }));
}

/**
 * In this order: yolo, the answer given to this very call, the operator's allowed tools, a grant of the session,
 * ask. A refusal stands even if the call looks different by now; an approval does not.
 */
export async function decide(deps: ApprovalDeps, call: ToolCall, ask: ToolAsk): Promise<Decision> {
  const { settings, permissions } = deps;
  if (settings.skipRequests) return { kind: 'allowed' };
  const fingerprint = fingerprintOf(ask);
  const earlier = await permissions.getByToolCall(call.id);
  if (earlier?.status === 'denied') return { kind: 'denied' };
  if (earlier?.status === 'expired') return { kind: 'expired' };
  if (earlier?.fingerprint === fingerprint) {
    if (earlier.status === 'allowed') return { kind: 'allowed' };
    if (earlier.status === 'pending') return { kind: 'ask', request: earlier, isNew: false };
  }
  if (ask.session) {
    const names = [ask.toolName, `${ask.toolName}:${ask.action}`];
    if (names.some((name) => settings.allowedTools.includes(name))) return { kind: 'allowed' };
    const { toolName, action, path } = ask;
    const key = { sessionId: call.sessionId, toolName, action, path };
    if (await permissions.hasGrant(key, ask.session.scopes)) {
      return { kind: 'allowed' };
    }
  }
  return { kind: 'ask', request: newRequest(deps, call, ask, fingerprint), isNew: true };
}

function newRequest(
  { settings, clock }: ApprovalDeps,
  call: ToolCall,
  { toolName, action, description, path, params, session }: ToolAsk,
  fingerprint: string,
): PermissionRequest {
  const now = clock.now();
  return {
    id: newId(),
    sessionId: call.sessionId,
    turnId: call.turnId,
    toolCallId: call.id,
    toolName,
    action,
    description: revealText(
      `${description} (${session ? `for the session: ${session.covers}` : 'asked every time'})`,
    ),
    path,
    params: shownParams(params),
    fingerprint,
    status: 'pending',
    decidedBy: null,
    decidedAt: null,
    expiresAt: settings.permissionTimeoutMs === 0 ? null : now + settings.permissionTimeoutMs,
    scopes: [...(session?.scopes ?? [])],
    createdAt: now,
  };
}

/** The fingerprint is of all of them, as they are; who is asked sees also what would not show. */
function shownParams(params: unknown): unknown {
  if (typeof params !== 'object' || params === null || Array.isArray(params)) return params;
  const { value } = boundObject({ ...params }, MAX_PARAMS_BYTES);
  const shown = Object.entries(value).map(([name, text]) => [name, revealed(text)] as const);
  return boundObject(Object.fromEntries(shown), MAX_PARAMS_BYTES).value;
}

function revealed(value: unknown): unknown {
  return typeof value === 'string' ? revealContent(value) : value;
}
