import type { Session, SessionModelConfig, Todo } from './session.ts';

/** Amounts to add to (`add…`) or to put in place of (`promptTokens`, `completionTokens`) the session's own. */
export interface SessionUsage {
  promptTokens?: number;
  completionTokens?: number;
  addCost?: number;
  contextWindow?: number;
  addMessages?: number;
  addChars?: number;
  summaryMessageId?: string;
}

export interface SessionRepository {
  insert(session: Session): Promise<void>;
  get(id: string): Promise<Session | null>;
  /** Keeps other prompts and the begin of a deletion out until the end of the transaction. */
  lock(id: string): Promise<Session | null>;
  listByProject(projectId: string, page: { limit: number; before?: string }): Promise<Session[]>;
  setTitle(id: string, title: string, now: number): Promise<Session>;
  setTodos(id: string, todos: Todo[], now: number): Promise<Session>;
  addUsage(id: string, usage: SessionUsage, now: number): Promise<Session>;
  /** Waits for those who hold the lock. */
  beginDeletion(of: { id: string } | { projectId: string }, now: number): Promise<void>;
  /** Without those of sub-agents. */
  countByUser(userId: string): Promise<number>;
  delete(id: string): Promise<void>;
}

export interface SessionConfigRepository {
  get(sessionId: string): Promise<SessionModelConfig | null>;
  put(config: SessionModelConfig): Promise<void>;
}
