import type { Project } from './project.ts';

export interface ProjectRepository {
  /** Throws `conflict` when another project's `workspaceRoot` is at, above or below this one's. */
  insert(project: Project): Promise<void>;
  get(id: string): Promise<Project | null>;
  /** Keeps other changes, new sessions and the begin of a deletion out until the end of the transaction. */
  lock(id: string): Promise<Project | null>;
  getBySession(sessionId: string): Promise<Project | null>;
  /** Newest first; `before` is the id of the last project of the page before. */
  listByUser(userId: string, page: { limit: number; before?: string }): Promise<Project[]>;
  countByUser(userId: string): Promise<number>;
  update(project: Project): Promise<void>;
  /** Waits for those who hold the lock. */
  beginDeletion(id: string, now: number): Promise<void>;
  /** Cascades to sessions and all that hangs on them. */
  delete(id: string): Promise<void>;
}
