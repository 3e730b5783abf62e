/** On which sandbox host the workspace of a project is, the same for all processes. */
export interface PlacementRepository {
  get(projectId: string): Promise<string | null>;
  /** The first one wins: returns where the project is, whoever placed it. */
  put(projectId: string, host: string): Promise<string>;
  remove(projectId: string): Promise<void>;
}
