import { z } from 'zod';
import { ReasoningEffort, SessionStatus } from '../protocol/views/session.ts';

export { ReasoningEffort, SessionStatus };

export const Todo = z.object({
  content: z.string(),
  status: z.enum(['pending', 'in_progress', 'completed']),
  activeForm: z.string(),
});
export type Todo = z.infer<typeof Todo>;

export const Session = z.object({
  id: z.uuid(),
  projectId: z.uuid(),
  /** The owner, copied from the project so that one query authorizes. */
  userId: z.uuid(),
  parentSessionId: z.string().nullable(),
  title: z.string(),
  messageCount: z.number().int(),
  /** Characters of its messages and of what its files were, about. */
  storedChars: z.number().int(),
  promptTokens: z.number().int(),
  completionTokens: z.number().int(),
  /** US dollars. */
  cost: z.number(),
  contextWindow: z.number().int(),
  summaryMessageId: z.string().nullable(),
  todos: z.array(Todo),
  createdAt: z.number(),
  updatedAt: z.number(),
  /** From then on nothing new is accepted. It is not undone: a deletion that failed is asked for again. */
  deletingSince: z.number().nullable(),
});
export type Session = z.infer<typeof Session>;

/** Which model a session talks to. `apiKeySealed` is null when the key comes from elsewhere. */
export const SessionModelConfig = z.object({
  sessionId: z.uuid(),
  provider: z.string(),
  model: z.string(),
  apiKeySealed: z.string().nullable(),
  /** Last four characters of the key, for display. */
  apiKeyHint: z.string().nullable(),
  baseUrl: z.string().nullable(),
  maxTokens: z.number().int().nullable(),
  temperature: z.number().nullable(),
  topP: z.number().nullable(),
  reasoningEffort: ReasoningEffort.nullable(),
  isAuto: z.boolean(),
  updatedAt: z.number(),
});
export type SessionModelConfig = z.infer<typeof SessionModelConfig>;
