import type { Context } from '../context.ts';
import { addressPreview, type OpenPreviewDeps } from '../preview/open-preview.ts';
import { getOwnedProject } from '../project/get-owned-project.ts';
import type { Project } from '../project/project.ts';
import type { FrontendView } from '../protocol/views/frontend.ts';
import type { Frontends } from './ports.ts';

export interface FrontendDeps extends OpenPreviewDeps {
  frontends: Frontends;
}

/** What became of the start command of an owned project. */
export async function getFrontend(
  deps: FrontendDeps,
  ctx: Context<'projects'>,
  projectId: string,
): Promise<FrontendView> {
  return toFrontendView(deps, ctx, await getOwnedProject(ctx, projectId));
}

export function toFrontendView(deps: FrontendDeps, ctx: Context<never>, project: Project): FrontendView {
  const status = deps.frontends.get(project.id);
  if (status === null) {
    return {
      state: 'stopped',
      command: project.frontendCommand ?? undefined,
      port: project.frontendPort ?? undefined,
      restarts: 0,
      log: '',
    };
  }
  const { state, command, port, restarts, log } = status;
  const isShown = state === 'running' && port !== null;
  return {
    state,
    command,
    port: port ?? undefined,
    exit_code: status.exitCode ?? undefined,
    signal: status.signal ?? undefined,
    restarts,
    started_at: status.startedAt,
    problem: status.problem ?? undefined,
    log,
    preview: isShown ? addressPreview(deps, ctx, project, port) : undefined,
  };
}
