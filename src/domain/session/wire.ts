import type { Session } from './session.ts';

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
