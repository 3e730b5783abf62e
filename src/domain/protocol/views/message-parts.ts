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
export type TextPart = z.infer<typeof TextPart>;

export const ReasoningPartView = z.object({
  type: z.literal('reasoning'),
  thinking: z.string(),
  signature: z.string().optional(),
  started_at: z.number().optional().describe('Unix ms'),
  finished_at: z.number().optional().describe('Unix ms'),
});
export type ReasoningPartView = z.infer<typeof ReasoningPartView>;

export const ToolCallPartView = z.object({
  type: z.literal('tool_call'),
  id: z.string().describe('the id of the tool_call object, not the provider’s'),
  name: z.string(),
  input: z.string().describe('JSON text, incomplete until finished'),
  finished: z.boolean(),
});
export type ToolCallPartView = z.infer<typeof ToolCallPartView>;

export const ToolResultPartView = z.object({
  type: z.literal('tool_result'),
  tool_call_id: z.string(),
  name: z.string(),
  content: z.string(),
  metadata: z.string().optional().describe('JSON text for user interfaces; never sent to the model'),
  is_error: z.boolean(),
  mime_type: z.string().optional(),
  data: z.string().optional().describe('base64'),
});
export type ToolResultPartView = z.infer<typeof ToolResultPartView>;

export const FinishPart = z.object({
  type: z.literal('finish'),
  reason: FinishReason,
  time: z.number().describe('Unix ms'),
  message: z.string().optional(),
  details: z.string().optional(),
});
export type FinishPart = z.infer<typeof FinishPart>;

export const ImagePart = z.object({
  type: z.literal('image'),
  Path: z.string(),
  MIMEType: z.string(),
  Data: z.literal(''),
});
export type ImagePart = z.infer<typeof ImagePart>;

export const MessagePartView = z
  .discriminatedUnion('type', [
    TextPart,
    ReasoningPartView,
    ToolCallPartView,
    ToolResultPartView,
    FinishPart,
    ImagePart,
  ])
  .meta({ id: 'MessagePart' });
export type MessagePartView = z.infer<typeof MessagePartView>;
