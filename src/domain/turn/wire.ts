import type { QueuedPromptView } from '../protocol/views/prompt.ts';
import type { Turn } from './turn.ts';

export function toQueuedPromptView(turn: Turn): QueuedPromptView {
  return { turn_id: turn.id, message_id: turn.messageId, created_at: turn.createdAt };
}
