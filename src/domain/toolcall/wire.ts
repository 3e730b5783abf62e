import type { ToolCallView } from '../protocol/views/tool-call.ts';
import type { ToolCall } from './tool-call.ts';

export function toToolCallView(call: ToolCall): ToolCallView {
  return {
    id: call.id,
    session_id: call.sessionId,
    message_id: call.messageId ?? undefined,
    name: call.name,
    input: call.input === '' ? undefined : call.input,
    status: call.status,
    result: call.result ?? undefined,
    is_error: call.isError,
    error_message: call.errorMessage ?? undefined,
    created_at: call.createdAt,
    updated_at: call.updatedAt,
    started_at: call.startedAt ?? undefined,
    finished_at: call.finishedAt ?? undefined,
  };
}
