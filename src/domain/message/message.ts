import { z } from 'zod';

export const FinishReason = z.enum([
  'end_turn',
  'max_tokens',
  'tool_use',
  'canceled',
  'error',
  'content_filter',
  'permission_denied',
  /** Of a user's message. */
  'stop',
  'unknown',
]);
export type FinishReason = z.infer<typeof FinishReason>;

export const TextPart = z.object({ type: z.literal('text'), text: z.string() });

/** One block of the provider, which may have metadata and no text. */
export const ReasoningPart = z.object({
  type: z.literal('reasoning'),
  thinking: z.string(),
  signature: z.string().optional(),
  started_at: z.number().optional(),
  finished_at: z.number().optional(),
  /** What the provider wants back on the next request; never shown to clients. */
  provider_metadata: z.record(z.string(), z.unknown()).optional(),
});

/** `id` is the tool call's own id. `input` is JSON text. */
export const ToolCallPart = z.object({
  type: z.literal('tool_call'),
  id: z.string(),
  name: z.string(),
  input: z.string(),
  finished: z.boolean(),
  /** What the provider called it, and wants to hear again; never shown to clients. */
  provider_call_id: z.string().optional(),
  provider_metadata: z.record(z.string(), z.unknown()).optional(),
});

export const ToolResultPart = z.object({
  type: z.literal('tool_result'),
  tool_call_id: z.string(),
  name: z.string(),
  content: z.string(),
  /** JSON text for user interfaces; never sent to the model. */
  metadata: z.string().optional(),
  is_error: z.boolean(),
  /** The turn ends with the step of this result. */
  stop_turn: z.literal(true).optional(),
  mime_type: z.string().optional(),
  /** Base64. */
  data: z.string().optional(),
});

export const FinishPart = z.object({
  type: z.literal('finish'),
  reason: FinishReason,
  /** Unix ms. */
  time: z.number(),
  message: z.string().optional(),
  details: z.string().optional(),
});

export const ImagePart = z.object({
  type: z.literal('image'),
  Path: z.string(),
  MIMEType: z.string(),
  Data: z.literal(''),
});

export const MessagePart = z.discriminatedUnion('type', [
  TextPart,
  ReasoningPart,
  ToolCallPart,
  ToolResultPart,
  FinishPart,
  ImagePart,
]);
export type TextPart = z.infer<typeof TextPart>;
export type ReasoningPart = z.infer<typeof ReasoningPart>;
export type ToolCallPart = z.infer<typeof ToolCallPart>;
export type ToolResultPart = z.infer<typeof ToolResultPart>;
export type FinishPart = z.infer<typeof FinishPart>;
export type ImagePart = z.infer<typeof ImagePart>;
export type MessagePart = z.infer<typeof MessagePart>;

export const MessageRole = z.enum(['user', 'assistant', 'tool']);

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
