import { newId } from '#shared/ids.ts';
import type { Message } from './message.ts';

type Given = Pick<Message, 'sessionId' | 'turnNumber' | 'index' | 'role' | 'parts'> & Partial<Message>;

/** A message that is finished at `now`, unless it says otherwise. */
export function newMessage(given: Given, now: number): Message {
  return {
    id: newId(),
    model: '',
    provider: '',
    isSummary: false,
    finishedAt: now,
    appliedCursor: null,
    createdAt: now,
    updatedAt: now,
    ...given,
  };
}
