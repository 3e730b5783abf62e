import type { TodosSummary } from '../protocol/session-frames.ts';
import type { SessionConfigView, SessionView, TodoView } from '../protocol/views/session.ts';
import type { Session, SessionModelConfig, Todo } from './session.ts';

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

export function summarizeTodos(todos: readonly Todo[]): TodosSummary {
  const count = (status: Todo['status']) => todos.filter((todo) => todo.status === status).length;
  return {
    todos: todos.map(toTodoView),
    completed: count('completed'),
    in_progress: count('in_progress'),
    pending: count('pending'),
    total: todos.length,
    current_task: todos.find((todo) => todo.status === 'in_progress')?.activeForm ?? '',
  };
}

/** `ready`: the session finds a key, its own or another one. */
export function toSessionConfigView(config: SessionModelConfig | null, ready: boolean): SessionConfigView {
  const api_key = ready ? maskedKey(config?.apiKeyHint ?? '') : maskedKey(config?.apiKeyHint ?? null);
  if (!config) return { provider: '', model: '', api_key, is_auto: false };
  return {
    provider: config.provider,
    model: config.model,
    api_key,
    is_auto: config.isAuto,
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

/** What is shown of a key that the session does not hold itself. */
export const FOREIGN_KEY_MASK = '****';

export function maskedKey(hint: string | null): string {
  return hint === null ? '' : `${FOREIGN_KEY_MASK}${hint}`;
}
