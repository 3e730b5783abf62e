import type { Context } from '../context.ts';
import { getOwnedProject } from '../project/get-owned-project.ts';
import type { FrontendView } from '../protocol/views/frontend.ts';
import { type FrontendDeps, toFrontendView } from './get-frontend.ts';

/** Idempotent. */
export async function stopFrontend(
  deps: FrontendDeps,
  ctx: Context<'projects'>,
  projectId: string,
): Promise<FrontendView> {
  const project = await getOwnedProject(ctx, projectId);
  await deps.frontends.stop(project.id);
  return toFrontendView(deps, ctx, project);
}
