import { newId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError } from '../errors.ts';
import type { CreateProjectRequest } from '../protocol/requests/project.ts';
import { type SourceControl, SourceControlError } from '../workspace/source-control.ts';
import { WORKSPACE_ROOT, WorkspaceError, type WorkspaceProvider } from '../workspace/workspace.ts';
import { type GitSource, parseGitSource } from './git-source.ts';
import type { Project } from './project.ts';
import { applySettings, type ProjectSettings, refuseServerOwned } from './project-changes.ts';
import { isDefaultWorkspace, resolveWorkspaceRoot } from './workspace-root.ts';

export interface CreateProjectDeps {
  workspaces: Pick<WorkspaceProvider, 'create' | 'open' | 'destroy'>;
  sourceControl: Pick<SourceControl, 'clone'>;
  /** Directories of the sandbox host that projects may be placed in, by the operator. */
  workspaceRoots: readonly string[];
  /** Of one user; `MAX_PROJECTS_PER_USER` when absent. */
  maxProjectsPerUser?: number;
}

const MAX_PROJECTS_PER_USER = 500;

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

/**
 * A project with its workspace, which holds a clone when the request names a repository; when anything fails,
 * nothing is left. A directory below one of the operator's roots is for administrators, and for one project: no
 * other may be at, above or below it. The signal ends a clone.
 * Throws `forbidden`, `conflict`, `unprocessable`, `limit_reached`, `overloaded` or `unavailable`.
 */
export async function createProject(
  deps: CreateProjectDeps,
  ctx: Context<'users' | 'projects'>,
  request: CreateProjectRequest,
  signal: AbortSignal,
): Promise<Project> {
  if (ctx.actor.kind !== 'user') throw new DomainError('forbidden', 'A project needs an owner');
  const workspaceRoot = await askedRoot(ctx, request.workspace_path, deps.workspaceRoots);
  const workspacePath = workspaceRoot ?? WORKSPACE_ROOT;
  refuseServerOwned(
    { ...request, workspace_path: null },
    { workspacePath, isDefault: workspaceRoot === null },
  );
  const source = parseGitSource(request);
  if (source !== null && workspaceRoot !== null) {
    throw new DomainError('unprocessable', 'git_url: only the default workspace can be filled by a clone', {
      field: 'git_url',
    });
  }
  const max = deps.maxProjectsPerUser ?? MAX_PROJECTS_PER_USER;
  await refuseTooMany(ctx, ctx.actor.userId, max);
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
    deletingSince: null,
  };
  try {
    project.workspaceRoot = (await deps.workspaces.create(project.id, workspaceRoot)).root;
    if (source !== null) await fill(deps, project, source, signal);
    await ctx.transaction(async (tx) => {
      await tx.repositories.users.lockShares(project.userId);
      await refuseTooMany(tx, project.userId, max);
      await tx.repositories.projects.insert(project);
    });
  } catch (error) {
    await deps.workspaces.destroy(project.id, workspaceRoot).catch((failure: unknown) => {
      ctx.log.warn({ err: failure, project_id: project.id }, 'workspace of a failed project not removed');
    });
    throw toDomainError(error);
  }
  return project;
}

async function refuseTooMany(ctx: Context<'projects'>, userId: string, max: number): Promise<void> {
  if ((await ctx.repositories.projects.countByUser(userId)) < max) return;
  throw new DomainError(
    'limit_reached',
    `You already have ${max} projects; delete some that you do not need`,
  );
}

async function askedRoot(
  ctx: Context<'users'>,
  path: string | null | undefined,
  roots: readonly string[],
): Promise<string | null> {
  if (isDefaultWorkspace(path)) return null;
  const user = ctx.actor.kind === 'user' ? await ctx.repositories.users.get(ctx.actor.userId) : null;
  if (user?.role !== 'admin') {
    throw new DomainError('forbidden', 'workspace_path: only administrators choose a directory', {
      field: 'workspace_path',
    });
  }
  return resolveWorkspaceRoot(path, roots);
}

async function fill(
  deps: CreateProjectDeps,
  project: Project,
  source: GitSource,
  signal: AbortSignal,
): Promise<void> {
  const workspace = await deps.workspaces.open(project.id, project.workspaceRoot);
  await deps.sourceControl.clone(workspace, { ...source, ownerId: project.userId }, signal);
}

const REFUSALS: ReadonlySet<string> = new Set([
  'refused',
  'outside_workspace',
  'not_found',
  'not_a_directory',
]);

function toDomainError(error: unknown): unknown {
  if (error instanceof SourceControlError) {
    return error.code === 'busy'
      ? new DomainError('overloaded', error.message, { cause: error })
      : new DomainError('unprocessable', `git_url: ${error.message}`, { field: 'git_url', cause: error });
  }
  if (!(error instanceof WorkspaceError)) return error;
  return REFUSALS.has(error.code)
    ? new DomainError('unprocessable', `workspace_path: ${error.message}`, {
        field: 'workspace_path',
        cause: error,
      })
    : new DomainError('unavailable', 'The workspace could not be created, try again later', { cause: error });
}
