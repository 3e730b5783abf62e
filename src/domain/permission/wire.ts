import type { PermissionRequestView } from '../protocol/views/permission-request.ts';
import type { PermissionRequest } from './permission.ts';

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
