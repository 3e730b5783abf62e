import type { MessageView } from '#domain/protocol/views/message.ts';
import { type ConversationState, emptyConversation, type ReceivedFrame } from './conversation-state.ts';
import { applyFrame, applyHistory, beginAttach } from './reducer.ts';

/** Holds one session's state for those who show it. */
export interface ConversationStore {
  state(): ConversationState;
  /** Calls back after each change until the returned function is called. */
  subscribe(listener: (state: ConversationState) => void): () => void;
  frame(frame: ReceivedFrame): void;
  attaching(): void;
  history(messages: readonly MessageView[]): void;
}

export function createConversationStore(sessionId: string): ConversationStore {
  const listeners = new Set<(state: ConversationState) => void>();
  let state = emptyConversation(sessionId);

  function update(next: ConversationState): void {
    if (next === state) return;
    state = next;
    for (const listener of [...listeners]) listener(next);
  }

  return {
    state: () => state,
    subscribe(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    frame: (frame) => update(applyFrame(state, frame)),
    attaching: () => update(beginAttach(state)),
    history: (messages) => update(applyHistory(state, messages)),
  };
}
