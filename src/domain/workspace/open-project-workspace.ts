import type { Semaphore } from '#shared/async/semaphore.ts';
import type { Context } from '../context.ts';
import { DomainError, notFound } from '../errors.ts';
import { getOwnedProject, refuseDeleted } from '../project/get-owned-project.ts';
import { getOwnedSession } from '../session/get-owned-session.ts';
import { SourceControlError } from './source-control.ts';
import {
  WORKSPACE_ROOT,
  type Workspace,
  WorkspaceError,
  type WorkspaceErrorCode,
  type WorkspaceProvider,
} from './workspace.ts';

export interface WorkspaceAccessDeps {
  workspaces: Pick<WorkspaceProvider, 'open'>;
  /** Readings at once, by owner. */
  fileSlots: Semaphore;
}

/** A place in the workspace of a project, which is named itself or by one of its sessions. */
export interface WorkspacePlace {
  projectId?: string;
  sessionId?: string;
  /** As clients write it; empty is the workspace itself. */
  path: string;
}

/**
 * Opens the workspace of an owned project once its owner has a slot; failures inside `run` become errors of the
 * domain.
 */
export async function inProjectWorkspace<T>(
  deps: WorkspaceAccessDeps,
  ctx: Context<'projects' | 'sessions'>,
  { signal, ...place }: WorkspacePlace & { signal: AbortSignal },
  run: (workspace: Workspace, path: string, ownerId: string) => Promise<T>,
): Promise<T> {
  const project = await getOwnedProject(ctx, await projectIdOf(ctx, place));
  refuseDeleted(project);
  const path = toWorkspacePath(place.path, project.workspacePath);
  try {
    return await deps.fileSlots.run(
      async () => run(await deps.workspaces.open(project.id, project.workspaceRoot), path, project.userId),
      project.userId,
      signal,
    );
  } catch (error) {
    throw toDomainError(error);
  }
}

/** What takes no slot of its owner's readings. Failures inside `run` become errors of the domain. */
export async function inOwnedWorkspace<T>(
  { workspaces }: Pick<WorkspaceAccessDeps, 'workspaces'>,
  ctx: Context<'projects' | 'sessions'>,
  place: Omit<WorkspacePlace, 'path'>,
  run: (workspace: Workspace) => Promise<T>,
): Promise<T> {
  const project = await getOwnedProject(ctx, await projectIdOf(ctx, place));
  refuseDeleted(project);
  try {
    return await run(await workspaces.open(project.id, project.workspaceRoot));
  } catch (error) {
    throw toDomainError(error);
  }
}

async function projectIdOf(ctx: Context<'sessions'>, place: Omit<WorkspacePlace, 'path'>): Promise<string> {
  if (place.projectId) return place.projectId;
  if (place.sessionId) return (await getOwnedSession(ctx, place.sessionId)).projectId;
  throw new DomainError('invalid_input', 'project_id: a project_id or a session_id is needed', {
    field: 'project_id',
  });
}

/** Clients know the workspace by the path that the project shows, which may be a directory of the operator's. */
export function toWorkspacePath(path: string, shownRoot: string): string {
  if (path === '' || path === '/' || path === shownRoot) return WORKSPACE_ROOT;
  return path.startsWith(`${shownRoot}/`) ? `${WORKSPACE_ROOT}${path.slice(shownRoot.length)}` : path;
}

const INVALID_PATHS: ReadonlySet<WorkspaceErrorCode> = new Set(['outside_workspace', 'refused']);
const UNFIT_PATHS: ReadonlySet<WorkspaceErrorCode> = new Set([
  'not_a_file',
  'not_a_directory',
  'already_exists',
  'not_text',
]);

function toDomainError(error: unknown): unknown {
  if (error instanceof SourceControlError) return sourceControlFailure(error);
  if (!(error instanceof WorkspaceError)) return error;
  const options = { field: 'path', cause: error };
  if (error.code === 'not_found') return notFound('File');
  if (error.code === 'too_large') return new DomainError('too_large', error.message, options);
  if (INVALID_PATHS.has(error.code)) {
    return new DomainError('invalid_input', `path: ${error.message}`, options);
  }
  if (UNFIT_PATHS.has(error.code)) {
    return new DomainError('unprocessable', `path: ${error.message}`, options);
  }
  return new DomainError('unavailable', 'The workspace does not answer, try again later', { cause: error });
}

function sourceControlFailure(error: SourceControlError): DomainError {
  const { code, message } = error;
  if (code === 'not_a_repository') return new DomainError('not_a_repository', message, { cause: error });
  if (code === 'busy') return new DomainError('overloaded', message, { cause: error });
  return new DomainError('unprocessable', message, { cause: error });
}
