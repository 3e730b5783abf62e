import { z } from 'zod';
import { MessageRole } from '../protocol/views/message.ts';
import {
  FinishPart as FinishPartView,
  FinishReason,
  ImagePart,
  ReasoningPartView,
  TextPart,
  ToolCallPartView,
  ToolResultPartView,
} from '../protocol/views/message-parts.ts';

export { FinishReason, ImagePart, MessageRole, TextPart };

/** What the provider wants back on the next request; never shown to clients. */
const provider_metadata = z.record(z.string(), z.unknown()).optional();

/** One block of the provider, which may have metadata and no text. */
export const ReasoningPart = ReasoningPartView.extend({ provider_metadata });
export type ReasoningPart = z.infer<typeof ReasoningPart>;

export const ToolCallPart = ToolCallPartView.extend({
  /** What the provider called it, and wants to hear again; never shown to clients. */
  provider_call_id: z.string().optional(),
  provider_metadata,
});
export type ToolCallPart = z.infer<typeof ToolCallPart>;

export const ToolResultPart = ToolResultPartView.extend({
  /** The turn ends with the step of this result. */
  stop_turn: z.literal(true).optional(),
});
export type ToolResultPart = z.infer<typeof ToolResultPart>;

export const FinishPart = FinishPartView.extend({
  /** Of a model call: its tokens, prompt and answer, with all of the cache. */
  context_tokens: z.number().optional(),
});
export type FinishPart = z.infer<typeof FinishPart>;

export const MessagePart = z.discriminatedUnion('type', [
  TextPart,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
  FinishPart,
  ImagePart,
]);
export type MessagePart = z.infer<typeof MessagePart>;

/**
 * Order within a session is (turnNumber, index): a queued prompt is stored at once
 * and still sorts behind everything of the turns before its own.
 */
export const Message = z.object({
  id: z.uuid(),
  sessionId: z.uuid(),
  turnNumber: z.number().int(),
  index: z.number().int(),
  role: MessageRole,
  parts: z.array(MessagePart),
  model: z.string(),
  provider: z.string(),
  isSummary: z.boolean(),
  /** Null while an assistant message is being streamed. */
  finishedAt: z.number().nullable(),
  /** Cursor of the last delta whose effect `parts` holds. */
  appliedCursor: z.string().nullable(),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type Message = z.infer<typeof Message>;
