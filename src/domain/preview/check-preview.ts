import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import { refuseDeleted } from '../project/get-owned-project.ts';
import type { Project } from '../project/project.ts';
import { verifyAccess } from '../user/login/verify-access.ts';
import type { PreviewGrant } from './preview.ts';

/** Holds a grant against what is stored now. Throws `unauthenticated`, `not_found` or `conflict`. */
export async function checkPreview(
  ctx: Context<'users' | 'logins' | 'projects'>,
  grant: PreviewGrant,
): Promise<Project> {
  const [project] = await Promise.all([
    ctx.repositories.projects.get(grant.projectId),
    verifyAccess(ctx, { ...grant, username: '' }),
  ]);
  if (project?.userId !== grant.userId) throw notFound('Project');
  refuseDeleted(project);
  return project;
}
