import { z } from 'zod';
import { MessageView } from './views/message.ts';
import { FinishReason } from './views/message-parts.ts';
import { PermissionRequestView } from './views/permission-request.ts';
import { SessionStatus, SessionView, TodoView } from './views/session.ts';
import { ToolCallView } from './views/tool-call.ts';

const session_id = z.string();

export const DeltaType = z.enum(['text', 'reasoning', 'tool_call', 'tool_call_input', 'finish', 'error']);
export type DeltaType = z.infer<typeof DeltaType>;

/** What is added to a message that was announced before. */
export const StreamDelta = z
  .object({
    Type: z.literal('stream_delta'),
    session_id,
    message_id: z.string(),
    delta_type: DeltaType,
    content: z.string(),
    timestamp: z.number().describe('Unix ms'),
    tool_call_id: z.string().optional(),
    tool_call_name: z.string().optional(),
    finish_reason: FinishReason.optional(),
  })
  .meta({ id: 'StreamDeltaFrame', description: 'Adds to a message that was announced before.' });
export type StreamDelta = z.infer<typeof StreamDelta>;

const MessageFrame = MessageView.extend({ Type: z.literal('message'), session_id }).meta({
  id: 'MessageFrame',
  description: 'Replaces the message with the same ID.',
});

const ToolCallUpdate = ToolCallView.extend({ Type: z.literal('tool_call_update') }).meta({
  id: 'ToolCallUpdateFrame',
  description: 'A tool call as it is now.',
});

const PermissionRequestFrame = PermissionRequestView.extend({ Type: z.literal('permission_request') }).meta({
  id: 'PermissionRequestFrame',
  description: 'A tool call waits for an answer.',
});

const PermissionNotification = z
  .object({
    Type: z.literal('permission_notification'),
    session_id,
    tool_call_id: z.string(),
    granted: z.boolean(),
    denied: z.boolean(),
    by: z.string().optional(),
  })
  .meta({ id: 'PermissionNotificationFrame', description: 'A request has its answer; final states only.' });

const SessionUpdate = SessionView.extend({ Type: z.literal('session_update'), session_id }).meta({
  id: 'SessionUpdateFrame',
  description: 'The session as it is now.',
});

const SessionStatusFrame = z
  .object({ Type: z.literal('session_status'), session_id, status: SessionStatus, is_running: z.boolean() })
  .meta({ id: 'SessionStatusFrame', description: 'Whether something runs, and how the last turn ended.' });

export const TodosSummary = z.object({
  todos: z.array(TodoView),
  completed: z.number().int(),
  in_progress: z.number().int(),
  pending: z.number().int(),
  total: z.number().int(),
  current_task: z.string().describe('active form of the item in progress'),
});
export type TodosSummary = z.infer<typeof TodosSummary>;

const TodosUpdate = TodosSummary.extend({ Type: z.literal('todos_update'), session_id }).meta({
  id: 'TodosUpdateFrame',
  description: 'The whole todo list.',
});

const GenerationComplete = z
  .object({
    Type: z.literal('generation_complete'),
    session_id,
    turn_id: z.string(),
    status: z.enum(['completed', 'error', 'cancelled']),
    error: z.string().optional(),
  })
  .meta({ id: 'GenerationCompleteFrame', description: 'The end of a turn, exactly once for each.' });

const FileEvent = z
  .object({
    Type: z.literal('file_event'),
    session_id,
    path: z.string(),
    version: z.number().int(),
    additions: z.number().int(),
    removals: z.number().int(),
  })
  .meta({ id: 'FileEventFrame', description: 'The session has changed a file.' });

/** Frames that belong to a session: they go through its event log and carry `_streamId` on the wire. */
export const SessionFrame = z.discriminatedUnion('Type', [
  MessageFrame,
  StreamDelta,
  ToolCallUpdate,
  PermissionRequestFrame,
  PermissionNotification,
  SessionUpdate,
  SessionStatusFrame,
  TodosUpdate,
  GenerationComplete,
  FileEvent,
]);
export type SessionFrame = z.infer<typeof SessionFrame>;
