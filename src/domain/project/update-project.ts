import type { Context } from '../context.ts';
import type { UpdateProjectRequest } from '../protocol/requests/project.ts';
import { getOwnedProject } from './get-owned-project.ts';
import type { Project } from './project.ts';
import { applySettings, refuseServerOwned } from './project-changes.ts';

/** Changes what the request names and keeps the rest. Throws `unprocessable` for fields that the server owns. */
export async function updateProject(
  ctx: Context<'projects'>,
  input: { projectId: string; request: UpdateProjectRequest },
): Promise<Project> {
  return ctx.transaction(async (tx) => {
    const project = await getOwnedProject(tx, input.projectId, 'lock');
    const { request } = input;
    refuseServerOwned(request, {
      workspacePath: project.workspacePath,
      isDefault: project.workspaceRoot === null,
    });
    const updated: Project = {
      ...project,
      name: request.name ?? project.name,
      description: request.description ?? project.description,
      ...applySettings(project, request),
      updatedAt: tx.clock.now(),
    };
    await tx.repositories.projects.update(updated);
    return updated;
  });
}
