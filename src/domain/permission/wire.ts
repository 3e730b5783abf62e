import type { PermissionRequest } from './permission.ts';

export interface PermissionRequestView {
  id: string;
  session_id: string;
  tool_call_id: string;
  tool_name: string;
  description: string;
  action: string;
  params: unknown;
  path: string;
  expires_at: number | null;
}

export function toPermissionRequestView(request: PermissionRequest): PermissionRequestView {
  return {
    id: request.id,
    session_id: request.sessionId,
    tool_call_id: request.toolCallId,
    tool_name: request.toolName,
    description: request.description,
    action: request.action,
    params: request.params,
    path: request.path,
    expires_at: request.expiresAt,
  };
}
