import type { FinishPart, Message, ToolCallPart, ToolResultPart } from '#domain/message/index.ts';
import type { Session } from '#domain/session/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import type { Step, Turn } from '#domain/turn/index.ts';

/** Everything that is stored of a turn, and the history before it. */
export interface TurnState {
  turn: Turn;
  /** In order; the turn's own messages are the last. */
  history: Message[];
  calls: Map<string, ToolCall>;
  /** Steps of calls that an earlier owner had started and not finished, by call id. */
  interrupted: Map<string, Step>;
  /** The turn's own prompt, which may be older than the history that is loaded. */
  prompt: Message | null;
  /** Where the history that the model sees begins. */
  summaryId: string | null;
  /** Tokens of the latest model call as the session's row has them, where the messages do not tell. */
  contextTokens: number;
  todos: Session['todos'];
  /** Of the inputs and results of calls, by part: they may be megabytes, and are looked at after every step. */
  digests: WeakMap<object, string>;
  /** What the session and this turn keep, in characters, about. */
  stored: { session: number; turn: number };
}

/**
 * `full`: the context is nearly used up; the turn goes on without a summary that cannot be had. `overflow`: the model
 * has refused the history. `asked`: the user wants it.
 */
export type SummaryCause = 'full' | 'overflow' | 'asked';

export function callsOf(message: Message): ToolCallPart[] {
  return message.parts.filter((part): part is ToolCallPart => part.type === 'tool_call');
}

export function resultsOf(messages: readonly Message[]): Map<string, ToolResultPart> {
  const found = new Map<string, ToolResultPart>();
  for (const message of messages) {
    for (const part of message.parts) if (part.type === 'tool_result') found.set(part.tool_call_id, part);
  }
  return found;
}

export function finishOf(message: Message): FinishPart | undefined {
  return message.parts.find((part): part is FinishPart => part.type === 'finish');
}

export function ownMessages({ history, turn }: TurnState): Message[] {
  return history.filter(({ turnNumber }) => turnNumber === turn.number);
}

export function nextIndex(state: TurnState): number {
  return Math.max(-1, ...ownMessages(state).map(({ index }) => index)) + 1;
}

/** Counts what is kept, and no more than once. */
export function countStored({ stored }: TurnState, chars: number): void {
  stored.session += chars;
  stored.turn += chars;
}

export function remember(state: TurnState, message: Message): void {
  const at = state.history.findIndex(({ id }) => id === message.id);
  if (at === -1) state.history.push(message);
  else state.history[at] = message;
}
