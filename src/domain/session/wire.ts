import { z } from 'zod';
import { ReasoningEffort, type Session, type SessionModelConfig, type SessionStatus } from './session.ts';

export interface TodoView {
  content: string;
  status: 'pending' | 'in_progress' | 'completed';
  active_form: string;
}

export interface SessionView {
  id: string;
  project_id: string;
  title: string;
  message_count: number;
  prompt_tokens: number;
  completion_tokens: number;
  cost: number;
  context_window: number;
  todos?: TodoView[];
  created_at: number;
  updated_at: number;
}

export function toSessionView(session: Session): SessionView {
  return {
    id: session.id,
    project_id: session.projectId,
    title: session.title,
    message_count: session.messageCount,
    prompt_tokens: session.promptTokens,
    completion_tokens: session.completionTokens,
    cost: session.cost,
    context_window: session.contextWindow,
    todos: session.todos.length > 0 ? session.todos.map(toTodoView) : undefined,
    created_at: session.createdAt,
    updated_at: session.updatedAt,
  };
}

export function toTodoView(todo: Session['todos'][number]): TodoView {
  return { content: todo.content, status: todo.status, active_form: todo.activeForm };
}

export interface SessionStatusView {
  session_id: string;
  status: SessionStatus;
  is_running: boolean;
}

/** Printable characters only: a key ends up in a header. Nothing in it is expanded. */
const ApiKey = z
  .string()
  .trim()
  .max(1000)
  .regex(/^[\x21-\x7e]*$/, 'printable characters without blanks only');

/** Null stands for absent, 0 tokens and an empty effort for none. */
export const ModelConfigRequest = z.object({
  provider: z.string().min(1).max(100),
  model: z.string().trim().min(1).max(200),
  api_key: ApiKey.nullish(),
  base_url: z.string().max(2048).nullish(),
  max_tokens: z.number().int().min(0).max(10_000_000).nullish(),
  temperature: z.number().min(0).max(2).nullish(),
  top_p: z.number().min(0).max(1).nullish(),
  reasoning_effort: z.union([ReasoningEffort, z.literal('')]).nullish(),
});
export type ModelConfigRequest = z.infer<typeof ModelConfigRequest>;

export const ModelConfigField = z.object({ model_config: ModelConfigRequest });

export const MAX_TITLE_LENGTH = 200;

/** `model_config` is looked at only when `is_auto` is not set. */
export const CreateSessionRequest = z.object({
  project_id: z.string(),
  title: z.string().trim().min(1).max(MAX_TITLE_LENGTH),
  model_config: z.unknown().optional(),
  is_auto: z.boolean().nullish(),
});
export type CreateSessionRequest = z.infer<typeof CreateSessionRequest>;

/** The config object of the protocol. Absent keys stand for null. */
export interface SessionConfigView {
  provider: string;
  model: string;
  api_key: string;
  base_url?: string;
  max_tokens?: number;
  temperature?: number;
  top_p?: number;
  reasoning_effort?: string;
}

export function toSessionConfigView(config: SessionModelConfig | null): SessionConfigView {
  if (!config) return { provider: '', model: '', api_key: '' };
  return {
    provider: config.provider,
    model: config.model,
    api_key: maskedKey(config.apiKeyHint),
    base_url: config.baseUrl ?? undefined,
    max_tokens: config.maxTokens ?? undefined,
    temperature: config.temperature ?? undefined,
    top_p: config.topP ?? undefined,
    reasoning_effort: config.reasoningEffort ?? undefined,
  };
}

/** The last four characters, and none of a key so short that they would give it away. */
export function keyHint(key: string): string {
  return key.length >= 12 ? key.slice(-4) : '';
}

export function maskedKey(hint: string | null): string {
  return hint === null ? '' : `****${hint}`;
}
