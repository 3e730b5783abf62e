import type { Turn } from './turn.ts';

/** A prompt that waits for its turn; its text is the message of this id. */
export interface QueuedPromptView {
  turn_id: string;
  message_id: string;
  created_at: number;
}

export function toQueuedPromptView(turn: Turn): QueuedPromptView {
  return { turn_id: turn.id, message_id: turn.messageId, created_at: turn.createdAt };
}
