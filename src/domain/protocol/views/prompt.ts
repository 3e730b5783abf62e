import { z } from 'zod';

/** A prompt that waits for its turn; its text is the message of this id. */
export const QueuedPromptView = z
  .object({ turn_id: z.string(), message_id: z.string(), created_at: z.number().describe('Unix ms') })
  .meta({ id: 'QueuedPrompt' });
export type QueuedPromptView = z.infer<typeof QueuedPromptView>;

export const AcceptedPrompt = z
  .object({ message_id: z.string(), turn_id: z.string() })
  .meta({ id: 'AcceptedPrompt' });
export type AcceptedPrompt = z.infer<typeof AcceptedPrompt>;

export const AcceptedTurn = z.object({ turn_id: z.string() }).meta({ id: 'AcceptedTurn' });
export type AcceptedTurn = z.infer<typeof AcceptedTurn>;
