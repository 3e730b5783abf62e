import type { Context } from '../context.ts';
import { DomainError, notFound } from '../errors.ts';
import { refuseDeleted } from '../project/get-owned-project.ts';
import type { FrontendRequest } from './ports.ts';

/** Whether a command may go on by what is stored now. Throws `not_found`, `conflict` or `account_disabled`. */
export async function checkFrontend(
  { repositories }: Context<'projects' | 'users'>,
  { projectId, userId }: Pick<FrontendRequest, 'projectId' | 'userId'>,
): Promise<void> {
  const [project, user] = await Promise.all([
    repositories.projects.get(projectId),
    repositories.users.get(userId),
  ]);
  if (project?.userId !== userId) throw notFound('Project');
  refuseDeleted(project);
  if (!user || user.disabledAt !== null)
    throw new DomainError('account_disabled', 'This account is disabled');
}
