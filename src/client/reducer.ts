import { applyDelta } from '#domain/protocol/apply-delta.ts';
import type { ServerFrame } from '#domain/protocol/server-frames.ts';
import type { StreamDelta } from '#domain/protocol/session-frames.ts';
import type { MessageView } from '#domain/protocol/views/message.ts';
import { isOpen, type ToolCallView } from '#domain/protocol/views/tool-call.ts';
import { collectionOf } from './collection.ts';
import {
  type ConversationState,
  isFinished,
  NOTHING_CHANGED,
  type ReceivedFrame,
} from './conversation-state.ts';
import { advance, attachedAt } from './position.ts';

const KEPT_OUTCOMES = 100;
/** A result follows its call: so many messages are looked through for it. */
const CALL_REACH = 50;

type FrameOf<T extends ServerFrame['Type']> = Extract<ServerFrame, { Type: T }>;

/**
 * Applies one frame, in time that does not depend on how much is known already. An event that was applied before
 * changes nothing, and events of different messages and calls may come in any order.
 */
export function applyFrame(state: ConversationState, frame: ReceivedFrame): ConversationState {
  if (!('session_id' in frame) || frame.session_id !== state.sessionId) return state;
  const position = advance(state, frame._streamId);
  if (position) return applyEvent({ ...state, ...position, changed: NOTHING_CHANGED }, frame);
  return frame.Type === 'generation_complete' ? withOutcome(state, frame) : state;
}

/** Call when `reconnect` is sent: a snapshot that follows names every open question anew. */
export function beginAttach(state: ConversationState): ConversationState {
  return { ...state, announced: new Set(), changed: NOTHING_CHANGED };
}

/**
 * Adds stored messages, in their order, before what only the stream has told of. An unfinished answer is the
 * stream's business.
 */
export function applyHistory(state: ConversationState, history: readonly MessageView[]): ConversationState {
  const messages: string[] = [];
  const toolCalls: string[] = [];
  let next = state;
  for (const message of history) {
    if (message.Role === 'assistant' && !isFinished(message)) continue;
    next = withMessage(next, message);
    messages.push(...next.changed.messages);
    toolCalls.push(...next.changed.toolCalls);
  }
  const stored = new Set(messages);
  const others = [...state.messages.values()].filter(({ ID }) => !stored.has(ID));
  const inOrder = [...messages.flatMap((id) => next.messages.get(id) ?? []), ...others];
  return { ...next, messages: collectionOf(inOrder, ({ ID }) => ID), changed: { messages, toolCalls } };
}

function applyEvent(state: ConversationState, frame: ReceivedFrame): ConversationState {
  switch (frame.Type) {
    case 'message':
      return withMessage(state, frame);
    case 'stream_delta':
      return withDelta(state, frame);
    case 'tool_call_update':
      return withToolCall(state, frame);
    case 'permission_request':
      return withQuestion(state, frame);
    case 'permission_notification':
      return frame.granted || frame.denied ? withoutQuestion(state, frame.tool_call_id) : state;
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
        announced: new Set(),
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
  { turn_id, status, error }: FrameOf<'generation_complete'>,
): ConversationState {
  if (state.outcomes.has(turn_id)) return state;
  const outcomes = new Map(state.outcomes).set(turn_id, { status, error });
  for (const oldest of outcomes.keys()) if (outcomes.size > KEPT_OUTCOMES) outcomes.delete(oldest);
  return { ...state, outcomes, changed: NOTHING_CHANGED };
}

function attached(state: ConversationState, frame: FrameOf<'reconnection_status'>): ConversationState {
  const permissions = frame.resumed
    ? state.permissions
    : new Map([...state.permissions].filter(([toolCallId]) => state.announced.has(toolCallId)));
  const position = attachedAt(state, frame.last_stream_id, frame.resumed);
  return { ...state, ...position, permissions, announced: new Set(), isRunning: frame.is_running };
}

/** A finished message takes no more; an unknown one is begun. */
function withDelta(state: ConversationState, delta: StreamDelta): ConversationState {
  const message = state.messages.get(delta.message_id) ?? newAssistantMessage(delta);
  if (isFinished(message)) return state;
  const next = { ...message, Parts: applyDelta(message.Parts, delta) };
  const isAppended = delta.delta_type === 'text' && message.Parts.at(-1)?.type === 'text';
  return {
    ...state,
    messages: state.messages.set(next.ID, next),
    changed: {
      messages: [next.ID],
      toolCalls: [],
      ...(isAppended && { appended: { to: message, text: delta.content } }),
    },
  };
}

function withToolCall(state: ConversationState, call: ToolCallView): ConversationState {
  const known = state.toolCalls.get(call.id);
  const merged = {
    ...known,
    ...call,
    input: call.input ?? known?.input,
    result: call.result ?? known?.result,
  };
  const next = isOpen(call.status) ? state : withoutQuestion(state, call.id);
  return {
    ...next,
    toolCalls: state.toolCalls.set(call.id, merged),
    changed: { messages: [], toolCalls: [call.id] },
  };
}

function withMessage(state: ConversationState, message: MessageView): ConversationState {
  const changed = { messages: [message.ID], toolCalls: [] };
  const next = { ...state, messages: state.messages.set(message.ID, message), changed };
  return message.Role === 'tool' ? withToolResults(next, message) : next;
}

/** A stored result ends a call whose own update was missed. */
function withToolResults(state: ConversationState, message: MessageView): ConversationState {
  let { toolCalls } = state;
  const changed: string[] = [];
  for (const part of message.Parts) {
    if (part.type !== 'tool_result') continue;
    const known = toolCalls.get(part.tool_call_id);
    if (known && !isOpen(known.status)) continue;
    changed.push(part.tool_call_id);
    toolCalls = toolCalls.set(part.tool_call_id, {
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
  return { ...state, toolCalls, changed: { ...state.changed, toolCalls: changed } };
}

function inputOf({ messages }: ConversationState, toolCallId: string): string | undefined {
  for (let back = 1; back <= CALL_REACH; back++) {
    for (const part of messages.at(-back)?.Parts ?? []) {
      if (part.type === 'tool_call' && part.id === toolCallId) return part.input;
    }
  }
  return undefined;
}

/** One without a position belongs to an attach, whose answer tells whether it was all. */
function withQuestion(
  state: ConversationState,
  frame: FrameOf<'permission_request'> & { _streamId?: string },
): ConversationState {
  const id = frame.tool_call_id;
  const permissions = new Map(state.permissions).set(id, frame);
  const announced = frame._streamId ? state.announced : new Set(state.announced).add(id);
  return { ...state, permissions, announced };
}

function withoutQuestion(state: ConversationState, toolCallId: string): ConversationState {
  if (!state.permissions.has(toolCallId)) return state;
  const permissions = new Map(state.permissions);
  const announced = new Set(state.announced);
  permissions.delete(toolCallId);
  announced.delete(toolCallId);
  return { ...state, permissions, announced };
}

function newAssistantMessage(delta: StreamDelta): MessageView {
  return {
    ID: delta.message_id,
    Role: 'assistant',
    SessionID: delta.session_id,
    Parts: [],
    Model: '',
    Provider: '',
    CreatedAt: delta.timestamp,
    UpdatedAt: delta.timestamp,
    IsSummaryMessage: false,
  };
}
