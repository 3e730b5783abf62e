import type { FinishReason } from '../message/message.ts';
import type { MessageView } from '../message/wire.ts';
import type { PermissionRequestView } from '../permission/wire.ts';
import type { SessionStatus, Todo } from '../session/session.ts';
import type { SessionView, TodoView } from '../session/wire.ts';
import { toTodoView } from '../session/wire.ts';
import type { ToolCallView } from '../toolcall/wire.ts';

export type DeltaType = 'text' | 'reasoning' | 'tool_call' | 'tool_call_input' | 'finish' | 'error';

export interface StreamDelta {
  Type: 'stream_delta';
  session_id: string;
  message_id: string;
  delta_type: DeltaType;
  content: string;
  /** Unix ms. */
  timestamp: number;
  tool_call_id?: string;
  tool_call_name?: string;
  finish_reason?: FinishReason;
}

/** Frames that belong to a session: they go through its event log and carry `_streamId` on the wire. */
export type SessionFrame =
  | ({ Type: 'message'; session_id: string } & MessageView)
  | StreamDelta
  | ({ Type: 'tool_call_update' } & ToolCallView)
  | ({ Type: 'permission_request' } & PermissionRequestView)
  | {
      Type: 'permission_notification';
      session_id: string;
      tool_call_id: string;
      granted: boolean;
      denied: boolean;
      by?: string;
    }
  | ({ Type: 'session_update'; session_id: string } & SessionView)
  | { Type: 'session_status'; session_id: string; status: SessionStatus; is_running: boolean }
  | ({ Type: 'todos_update'; session_id: string } & TodosSummary)
  | {
      Type: 'generation_complete';
      session_id: string;
      turn_id: string;
      status: 'completed' | 'error' | 'cancelled';
      error?: string;
    }
  | {
      Type: 'file_event';
      session_id: string;
      path: string;
      version: number;
      additions: number;
      removals: number;
    };

/** Frames that a gateway makes for one socket or for all of them. */
export type SocketFrame =
  | {
      Type: 'reconnection_status';
      session_id: string;
      messages_replayed: number;
      generation_active: boolean;
      session_status: SessionStatus;
      is_running: boolean;
      last_stream_id: string;
      resumed: boolean;
      reason?: string;
    }
  | { Type: 'error'; session_id?: string; error: string; code: string; client_msg_id?: string }
  | { Type: 'notice'; kind: 'draining' | 'catalogue_updated'; message: string }
  | { Type: 'heartbeat'; heads: Record<string, string> }
  | { Type: 'pong' };

export type ServerFrame = SessionFrame | SocketFrame;

export interface TodosSummary {
  todos: TodoView[];
  completed: number;
  in_progress: number;
  pending: number;
  total: number;
  /** Active form of the item in progress. */
  current_task: string;
}

export function summarizeTodos(todos: readonly Todo[]): TodosSummary {
  const count = (status: Todo['status']) => todos.filter((todo) => todo.status === status).length;
  return {
    todos: todos.map(toTodoView),
    completed: count('completed'),
    in_progress: count('in_progress'),
    pending: count('pending'),
    total: todos.length,
    current_task: todos.find((todo) => todo.status === 'in_progress')?.activeForm ?? '',
  };
}
