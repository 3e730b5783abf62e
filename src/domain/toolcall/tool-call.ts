import { z } from 'zod';
import { ToolCallStatus } from '../protocol/views/tool-call.ts';

export { ToolCallStatus };

export const ToolCall = z.object({
  /** Ours. */
  id: z.uuid(),
  sessionId: z.uuid(),
  messageId: z.uuid().nullable(),
  turnId: z.uuid(),
  /** The provider's; unique within its session only. */
  providerCallId: z.string(),
  name: z.string(),
  /** JSON text. */
  input: z.string(),
  status: ToolCallStatus,
  result: z.string().nullable(),
  isError: z.boolean(),
  errorMessage: z.string().nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
  startedAt: z.number().nullable(),
  finishedAt: z.number().nullable(),
});
export type ToolCall = z.infer<typeof ToolCall>;
