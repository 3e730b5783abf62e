import type { Workspace } from '#domain/workspace/index.ts';
import type { SandboxDeps } from './deps.ts';
import { type ProjectRef, projectIdOf } from './project-ref.ts';

/** The workspace that a request of the older kind names; its project counts as in use. */
export function openProject(
  { provider, activity }: Pick<SandboxDeps, 'provider' | 'activity'>,
  ref: ProjectRef,
): Promise<Workspace> {
  const projectId = projectIdOf(ref);
  activity.touch(projectId);
  return provider.open(projectId, null);
}
