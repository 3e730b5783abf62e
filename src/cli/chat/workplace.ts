import { truncate } from '#shared/text.ts';
import type { ApiClient, ProjectSummary } from './link/api-client.ts';

const DEFAULT_PROJECT = 'default';
const TITLE_CHARACTERS = 50;

export interface ChosenProject {
  project: ProjectSummary;
  isNew: boolean;
  /** Names of the user's other projects. */
  others: string[];
}

/** The project of this name or id; one that is missing is created. */
export async function chooseProject(
  api: ApiClient,
  wanted: string | undefined,
  signal: AbortSignal,
): Promise<ChosenProject> {
  const name = wanted ?? DEFAULT_PROJECT;
  const projects = await api.listProjects(signal);
  const known = projects.find((project) => project.name === name) ?? projects.find(({ id }) => id === name);
  const project = known ?? (await api.createProject(name, signal));
  const others = projects.filter(({ id }) => id !== project.id).map((other) => other.name);
  return { project, isNew: known === undefined, others };
}

/** The title until the server finds a better one. */
export function titleOf(prompt: string): string {
  const line = prompt.replace(/\s+/g, ' ').trim();
  return line.length > TITLE_CHARACTERS ? `${truncate(line, TITLE_CHARACTERS)}...` : line;
}
