import { z } from 'zod';

export const ToolCallStatus = z.enum([
  'pending',
  'running',
  'awaiting_permission',
  'completed',
  'error',
  'cancelled',
  'timeout',
]);
export type ToolCallStatus = z.infer<typeof ToolCallStatus>;

/** The call has not come to its end. */
export function isOpen(status: ToolCallStatus): boolean {
  return status === 'pending' || status === 'running' || status === 'awaiting_permission';
}

/** The tool_call object of the protocol. Absent keys stand for null. */
export const ToolCallView = z
  .object({
    id: z.string(),
    session_id: z.string(),
    message_id: z.string().optional(),
    name: z.string(),
    input: z.string().optional().describe('JSON text'),
    status: ToolCallStatus,
    result: z.string().optional(),
    is_error: z.boolean(),
    error_message: z.string().optional(),
    created_at: z.number().describe('Unix ms'),
    updated_at: z.number().describe('Unix ms'),
    started_at: z.number().optional().describe('Unix ms'),
    finished_at: z.number().optional().describe('Unix ms'),
  })
  .meta({ id: 'ToolCall' });
export type ToolCallView = z.infer<typeof ToolCallView>;
