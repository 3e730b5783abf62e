import { z } from 'zod';

export const TodoView = z
  .object({
    content: z.string(),
    status: z.enum(['pending', 'in_progress', 'completed']),
    active_form: z.string(),
  })
  .meta({ id: 'Todo' });
export type TodoView = z.infer<typeof TodoView>;

export const SessionView = z
  .object({
    id: z.string(),
    project_id: z.string(),
    title: z.string(),
    message_count: z.number().int(),
    prompt_tokens: z.number().int(),
    completion_tokens: z.number().int(),
    cost: z.number().describe('US dollars'),
    context_window: z.number().int(),
    todos: z.array(TodoView).optional(),
    created_at: z.number().describe('Unix ms'),
    updated_at: z.number().describe('Unix ms'),
  })
  .meta({ id: 'Session' });
export type SessionView = z.infer<typeof SessionView>;

/** Empty: nothing was ever run. */
export const SessionStatus = z.enum(['running', 'completed', 'error', 'cancelled', 'waiting', '']);
export type SessionStatus = z.infer<typeof SessionStatus>;

export const SessionStatusView = z
  .object({ session_id: z.string(), status: SessionStatus, is_running: z.boolean() })
  .meta({ id: 'SessionStatus' });
export type SessionStatusView = z.infer<typeof SessionStatusView>;

/** From least to most. */
export const ReasoningEffort = z.enum(['none', 'minimal', 'low', 'medium', 'high', 'xhigh', 'max']);
export type ReasoningEffort = z.infer<typeof ReasoningEffort>;

/** The config object of the protocol. Absent keys stand for null. */
export const SessionConfigView = z
  .object({
    provider: z.string(),
    model: z.string(),
    api_key: z.string().describe('a mask; empty while the session cannot run without a key of the user’s'),
    is_auto: z.boolean().describe('follows the operator’s choice'),
    base_url: z.string().optional(),
    max_tokens: z.number().int().optional(),
    temperature: z.number().optional(),
    top_p: z.number().optional(),
    reasoning_effort: ReasoningEffort.optional(),
  })
  .meta({ id: 'SessionConfig' });
export type SessionConfigView = z.infer<typeof SessionConfigView>;
