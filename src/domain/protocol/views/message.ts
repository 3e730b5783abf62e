import { z } from 'zod';
import { MessagePartView } from './message-parts.ts';

export const MessageRole = z.enum(['user', 'assistant', 'tool']);
export type MessageRole = z.infer<typeof MessageRole>;

/** The message object of the protocol: capitalised keys, flat parts told apart by their keys. */
export const MessageView = z
  .object({
    ID: z.string(),
    Role: MessageRole,
    SessionID: z.string(),
    Parts: z.array(MessagePartView),
    Model: z.string(),
    Provider: z.string(),
    CreatedAt: z.number().describe('Unix ms'),
    UpdatedAt: z.number().describe('Unix ms'),
    IsSummaryMessage: z.boolean(),
  })
  .meta({ id: 'Message' });
export type MessageView = z.infer<typeof MessageView>;
