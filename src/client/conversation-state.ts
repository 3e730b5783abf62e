import type { ServerFrame } from '#domain/protocol/server-frames.ts';
import type { MessageView } from '#domain/protocol/views/message.ts';
import type { PermissionRequestView } from '#domain/protocol/views/permission-request.ts';
import type { SessionView, TodoView } from '#domain/protocol/views/session.ts';

import type { ToolCallView } from '#domain/protocol/views/tool-call.ts';
import { type Collection, emptyCollection } from './collection.ts';

export type ReceivedFrame = ServerFrame & { _streamId?: string };

export interface TurnOutcome {
  status: 'completed' | 'error' | 'cancelled';
  error?: string;
}

/** Ids of what the last change touched: all that a view has to look at again. */
export interface Changed {
  messages: readonly string[];
  toolCalls: readonly string[];
  /** The message is `to` and no more than this text at its end: a view need not read the whole of it again. */
  appended?: { to: MessageView; text: string };
}

/**
 * All that a client knows of one session. Values are never changed in place: a message or a call that was
 * touched is another object, and only then.
 */
export interface ConversationState {
  sessionId: string;
  /** Everything up to this position was applied; '' before the first attach. */
  cursor: string;
  /** Numbers beyond the cursor whose events came before what lies between. */
  ahead: ReadonlySet<number>;
  messages: Collection<MessageView>;
  toolCalls: Collection<ToolCallView>;
  /** Open questions by tool call. */
  permissions: ReadonlyMap<string, PermissionRequestView>;
  /** Those of them that the attach in progress has named. */
  announced: ReadonlySet<string>;
  /** Of the latest turns, by turn. */
  outcomes: ReadonlyMap<string, TurnOutcome>;
  session: SessionView | null;
  todos: readonly TodoView[];
  isRunning: boolean;
  changed: Changed;
}

export const NOTHING_CHANGED: Changed = { messages: [], toolCalls: [] };

export function emptyConversation(sessionId: string): ConversationState {
  return {
    sessionId,
    cursor: '',
    ahead: new Set(),
    messages: emptyCollection(),
    toolCalls: emptyCollection(),
    permissions: new Map(),
    announced: new Set(),
    outcomes: new Map(),
    session: null,
    todos: [],
    isRunning: false,
    changed: NOTHING_CHANGED,
  };
}

export function isFinished(message: MessageView): boolean {
  return message.Parts.some((part) => part.type === 'finish');
}

/** The readable text of a message; its lines end with one character. */
export function textOf(message: MessageView): string {
  const texts = message.Parts.flatMap((part) => (part.type === 'text' ? [part.text] : []));
  return texts.join('\n').replaceAll('\r\n', '\n');
}
