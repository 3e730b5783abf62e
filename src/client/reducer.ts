import { parseCursor } from '#domain/events/event-log.ts';
import type { ServerFrame } from '#domain/protocol/server-frames.ts';
import type { MessageView } from '#domain/protocol/views/message.ts';
import type { PermissionRequestView } from '#domain/protocol/views/permission-request.ts';
import type { SessionView, TodoView } from '#domain/protocol/views/session.ts';
import type { ToolCallView } from '#domain/protocol/views/tool-call.ts';
import type { ToolCallStatus } from '#domain/toolcall/tool-call.ts';
import { appendDelta, isFinished } from './message-parts.ts';

export type ReceivedFrame = ServerFrame & { _streamId?: string };

export interface TurnOutcome {
  status: 'completed' | 'error' | 'cancelled';
  error?: string;
}

/** All that the client knows of one session. Values are never changed in place. */
export interface ConversationState {
  sessionId: string;
  /** Position of the last applied event; '' before the first attach. */
  cursor: string;
  messages: ReadonlyMap<string, MessageView>;
  toolCalls: ReadonlyMap<string, ToolCallView>;
  /** Open questions by tool call. */
  permissions: ReadonlyMap<string, PermissionRequestView>;
  /** Tool calls whose question was announced since the current attach began. */
  announced: ReadonlySet<string>;
  /** By turn. */
  outcomes: ReadonlyMap<string, TurnOutcome>;
  session: SessionView | null;
  todos: readonly TodoView[];
  isRunning: boolean;
}

export function emptyConversation(sessionId: string): ConversationState {
  return {
    sessionId,
    cursor: '',
    messages: new Map(),
    toolCalls: new Map(),
    permissions: new Map(),
    announced: new Set(),
    outcomes: new Map(),
    session: null,
    todos: [],
    isRunning: false,
  };
}

/** Applies one frame. An event that was applied before changes nothing. */
export function applyFrame(state: ConversationState, frame: ReceivedFrame): ConversationState {
  if (!('session_id' in frame) || frame.session_id !== state.sessionId) return state;
  if (isDuplicate(state, frame))
    return frame.Type === 'generation_complete' ? withOutcome(state, frame) : state;
  const next = applyEvent(state, frame);
  return frame._streamId ? { ...next, cursor: frame._streamId } : next;
}

/** Call when `reconnect` is sent: a snapshot that follows names every open question anew. */
export function beginAttach(state: ConversationState): ConversationState {
  return { ...state, announced: new Set() };
}

/** Adds stored messages. Only finished ones: an unfinished one is the stream's business. */
export function applyHistory(state: ConversationState, history: readonly MessageView[]): ConversationState {
  return history.reduce((before, message) => {
    if (message.Role === 'assistant' && !isFinished(message)) return before;
    return withMessage(before, message);
  }, state);
}

/**
 * Snapshot frames may all carry the position of the snapshot, therefore an equal position drops only what
 * must not be repeated.
 */
function isDuplicate(state: ConversationState, frame: ReceivedFrame): boolean {
  const seen = parseCursor(state.cursor);
  const cursor = parseCursor(frame._streamId);
  if (!seen || !cursor || seen.epoch !== cursor.epoch) return false;
  return cursor.seq < seen.seq || (cursor.seq === seen.seq && frame.Type === 'stream_delta');
}

function applyEvent(state: ConversationState, frame: ReceivedFrame): ConversationState {
  switch (frame.Type) {
    case 'message':
      return withMessage(state, frame);
    case 'stream_delta':
      return { ...state, messages: appendDelta(state.messages, frame) };
    case 'tool_call_update':
      return withToolCall(state, frame);
    case 'permission_request':
      return {
        ...state,
        permissions: new Map(state.permissions).set(frame.tool_call_id, frame),
        announced: new Set(state.announced).add(frame.tool_call_id),
      };
    case 'permission_notification':
      if (!frame.granted && !frame.denied) return state;
      return { ...state, permissions: without(state.permissions, frame.tool_call_id) };
    case 'session_update':
      return { ...state, session: frame };
    case 'session_status':
      return { ...state, isRunning: frame.is_running };
    case 'todos_update':
      return { ...state, todos: frame.todos };
    case 'generation_complete':
      return {
        ...withOutcome(state, frame),
        isRunning: false,
        permissions: new Map(),
      };
    case 'reconnection_status':
      return attached(state, frame);
    default:
      return state;
  }
}

/** The end of a turn counts even when a snapshot already stands after it: no snapshot tells of it. */
function withOutcome(
  state: ConversationState,
  { turn_id, status, error }: Extract<ServerFrame, { Type: 'generation_complete' }>,
): ConversationState {
  if (state.outcomes.has(turn_id)) return state;
  return { ...state, outcomes: new Map(state.outcomes).set(turn_id, { status, error }) };
}

function attached(
  state: ConversationState,
  frame: Extract<ServerFrame, { Type: 'reconnection_status' }>,
): ConversationState {
  const permissions = frame.resumed
    ? state.permissions
    : new Map([...state.permissions].filter(([toolCallId]) => state.announced.has(toolCallId)));
  const cursor = frame.last_stream_id || state.cursor;
  return { ...state, permissions, cursor, isRunning: frame.is_running };
}

function withToolCall(state: ConversationState, call: ToolCallView): ConversationState {
  const known = state.toolCalls.get(call.id);
  const merged = {
    ...known,
    ...call,
    input: call.input ?? known?.input,
    result: call.result ?? known?.result,
  };
  return {
    ...state,
    toolCalls: new Map(state.toolCalls).set(call.id, merged),
    permissions: isOpen(call.status) ? state.permissions : without(state.permissions, call.id),
  };
}

function withMessage(state: ConversationState, message: MessageView): ConversationState {
  const next = { ...state, messages: new Map(state.messages).set(message.ID, message) };
  return message.Role === 'tool' ? withToolResults(next, message) : next;
}

/** A stored result ends a call whose own update was missed. */
function withToolResults(state: ConversationState, message: MessageView): ConversationState {
  const toolCalls = new Map(state.toolCalls);
  for (const part of message.Parts) {
    if (part.type !== 'tool_result') continue;
    const known = toolCalls.get(part.tool_call_id);
    if (known && !isOpen(known.status)) continue;
    toolCalls.set(part.tool_call_id, {
      id: part.tool_call_id,
      session_id: state.sessionId,
      created_at: message.CreatedAt,
      updated_at: message.UpdatedAt,
      ...known,
      name: part.name,
      input: known?.input ?? inputOf(state, part.tool_call_id),
      status: part.is_error ? 'error' : 'completed',
      result: part.content,
      is_error: part.is_error,
    });
  }
  return { ...state, toolCalls };
}

function inputOf(state: ConversationState, toolCallId: string): string | undefined {
  for (const message of state.messages.values()) {
    for (const part of message.Parts)
      if (part.type === 'tool_call' && part.id === toolCallId) return part.input;
  }
  return undefined;
}

export function isOpen(status: ToolCallStatus): boolean {
  return status === 'pending' || status === 'running' || status === 'awaiting_permission';
}

function without<V>(map: ReadonlyMap<string, V>, key: string): ReadonlyMap<string, V> {
  if (!map.has(key)) return map;
  const copy = new Map(map);
  copy.delete(key);
  return copy;
}
