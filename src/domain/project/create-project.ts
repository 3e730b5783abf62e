import { newId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import { WORKSPACE_ROOT, WorkspaceError, type WorkspaceProvider } from '../workspace/index.ts';
import type { Project } from './project.ts';
import { applySettings, type ProjectSettings, refuseServerOwned } from './project-changes.ts';
import type { CreateProjectRequest } from './wire.ts';
import { resolveWorkspaceRoot } from './workspace-root.ts';

export interface CreateProjectDeps {
  workspaces: Pick<WorkspaceProvider, 'create' | 'destroy'>;
  /** Directories of the sandbox host that projects may be placed in, by the operator. */
  workspaceRoots: readonly string[];
}

const NO_SETTINGS: ProjectSettings = {
  externalIp: null,
  frontendPort: null,
  backendPort: null,
  frontendLanguage: null,
  backendLanguage: null,
  frontendCommand: null,
  backendCommand: null,
  subdomain: null,
  needDatabase: false,
};

/** A project with its workspace; when either fails, neither is left. Throws `unprocessable` or `unavailable`. */
export async function createProject(
  deps: CreateProjectDeps,
  ctx: Context<'projects'>,
  request: CreateProjectRequest,
): Promise<Project> {
  if (ctx.actor.kind !== 'user') throw new DomainError('forbidden', 'A project needs an owner');
  const workspaceRoot = resolveWorkspaceRoot(request.workspace_path, deps.workspaceRoots);
  const workspacePath = workspaceRoot ?? WORKSPACE_ROOT;
  refuseServerOwned(
    { ...request, workspace_path: null },
    { workspacePath, isDefault: workspaceRoot === null },
  );
  const now = ctx.clock.now();
  const project: Project = {
    id: newId(),
    userId: ctx.actor.userId,
    name: request.name,
    description: request.description ?? '',
    ...applySettings(NO_SETTINGS, request),
    workspacePath,
    workspaceRoot,
    createdAt: now,
    updatedAt: now,
  };
  try {
    await deps.workspaces.create(project.id, workspaceRoot);
    await ctx.repositories.projects.insert(project);
  } catch (error) {
    await deps.workspaces.destroy(project.id, workspaceRoot).catch((failure: unknown) => {
      ctx.log.warn({ err: failure, project_id: project.id }, 'workspace of a failed project not removed');
    });
    throw toDomainError(error);
  }
  return project;
}

const REFUSALS: ReadonlySet<string> = new Set([
  'refused',
  'outside_workspace',
  'not_found',
  'not_a_directory',
]);

function toDomainError(error: unknown): unknown {
  if (!(error instanceof WorkspaceError)) return error;
  return REFUSALS.has(error.code)
    ? new DomainError('unprocessable', 'workspace_path: this directory cannot be used', {
        field: 'workspace_path',
        cause: error,
      })
    : new DomainError('unavailable', 'The workspace could not be created, try again later', { cause: error });
}
