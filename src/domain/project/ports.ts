import type { Project } from './project.ts';

export interface ProjectRepository {
  insert(project: Project): Promise<void>;
  get(id: string): Promise<Project | null>;
  getBySession(sessionId: string): Promise<Project | null>;
  /** Newest first; `before` is the id of the last project of the page before. */
  listByUser(userId: string, page: { limit: number; before?: string }): Promise<Project[]>;
  update(project: Project): Promise<void>;
  /** Cascades to sessions and all that hangs on them. */
  delete(id: string): Promise<void>;
}
