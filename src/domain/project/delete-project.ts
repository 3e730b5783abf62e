import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { MAX_PAGE_SIZE } from '../page.ts';
import { type ForgetEventsDeps, forgetEvents } from '../turn/ending/forget-events.ts';
import { type StopRepositories, stopSessions } from '../turn/ending/stop-sessions.ts';
import type { WorkspaceProvider } from '../workspace/workspace.ts';
import { getOwnedProject } from './get-owned-project.ts';
import type { Project } from './project.ts';

export interface DeleteProjectDeps extends ForgetEventsDeps {
  workspaces: Pick<WorkspaceProvider, 'destroy'>;
}

/**
 * Accepts nothing more, stops what runs, removes the workspace, then the rows. When the workspace cannot be removed
 * the project stays and `unavailable` is thrown, so that the call can be repeated.
 */
export async function deleteProject(
  deps: DeleteProjectDeps,
  ctx: Context<StopRepositories | 'projects'>,
  projectId: string,
): Promise<void> {
  const project = await beginDeletion(ctx, projectId);
  const sessions = await sessionIds(ctx, project.id);
  await stopSessions(ctx, sessions);
  ctx.notify('project_deleted', { projectId: project.id });
  await destroyWorkspace(deps, project);
  await ctx.repositories.projects.delete(project.id);
  await forgetEvents(deps, ctx, sessions);
  // Who did not stop in time, or had opened it before the deletion began, may have made the workspace anew.
  await destroyWorkspace(deps, project).catch((error: unknown) =>
    ctx.log.warn({ err: error, project_id: project.id }, 'a workspace is left behind'),
  );
}

/** The project first: once it is marked no session is added. */
async function beginDeletion(ctx: Context<'projects' | 'sessions'>, projectId: string): Promise<Project> {
  return ctx.transaction(async (tx) => {
    const project = await getOwnedProject(tx, projectId);
    const now = tx.clock.now();
    await tx.repositories.projects.beginDeletion(project.id, now);
    await tx.repositories.sessions.beginDeletion({ projectId: project.id }, now);
    return project;
  });
}

async function destroyWorkspace(
  { workspaces }: DeleteProjectDeps,
  { id, workspaceRoot }: Pick<Project, 'id' | 'workspaceRoot'>,
): Promise<void> {
  try {
    await workspaces.destroy(id, workspaceRoot);
  } catch (error) {
    throw new DomainError('unavailable', 'The workspace could not be removed, try again later', {
      cause: error,
    });
  }
}

async function sessionIds(ctx: Context<'sessions'>, projectId: string): Promise<string[]> {
  const ids: string[] = [];
  for (;;) {
    const page = await ctx.repositories.sessions.listByProject(projectId, {
      limit: MAX_PAGE_SIZE,
      before: ids.at(-1),
    });
    ids.push(...page.map(({ id }) => id));
    if (page.length < MAX_PAGE_SIZE) return ids;
  }
}
