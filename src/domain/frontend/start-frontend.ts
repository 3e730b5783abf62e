import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { getOwnedProject, refuseDeleted } from '../project/get-owned-project.ts';
import type { FrontendView } from '../protocol/views/frontend.ts';
import { type FrontendDeps, toFrontendView } from './get-frontend.ts';

/** Starts the command that an owned project names. What becomes of it is seen later. */
export async function startFrontend(
  deps: FrontendDeps,
  ctx: Context<'projects'>,
  projectId: string,
): Promise<FrontendView> {
  const project = await getOwnedProject(ctx, projectId);
  refuseDeleted(project);
  const { id, userId, workspaceRoot, frontendCommand: command, frontendPort: port } = project;
  if (command === null || command.trim() === '') {
    throw new DomainError('unprocessable', 'frontend_command: the project has none, set it first', {
      field: 'frontend_command',
    });
  }
  deps.frontends.start({ projectId: id, userId, workspaceRoot, command, port });
  return toFrontendView(deps, ctx, project);
}
