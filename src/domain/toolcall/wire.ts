import type { ToolCall, ToolCallStatus } from './tool-call.ts';

/** The tool_call object of the protocol. Absent keys stand for null. */
export interface ToolCallView {
  id: string;
  session_id: string;
  message_id?: string;
  name: string;
  input?: string;
  status: ToolCallStatus;
  result?: string;
  is_error: boolean;
  error_message?: string;
  created_at: number;
  updated_at: number;
  started_at?: number;
  finished_at?: number;
}

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
