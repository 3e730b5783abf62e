import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { DomainError, notFound } from '../errors.ts';
import type { Project } from './project.ts';

/**
 * The one authorization of projects: a foreign id answers as a missing one. The service itself owns all.
 * What adds to a project locks it, which throws `conflict` once its deletion has begun.
 */
export async function getOwnedProject(
  ctx: Context<'projects'>,
  id: string,
  read: 'get' | 'lock' = 'get',
): Promise<Project> {
  const project = isId(id) ? await ctx.repositories.projects[read](id) : null;
  if (!project) throw notFound('Project');
  if (ctx.actor.kind === 'user' && project.userId !== ctx.actor.userId) throw notFound('Project');
  if (read === 'lock') refuseDeleted(project);
  return project;
}

/** Throws `conflict` once the project's deletion has begun. */
export function refuseDeleted({ deletingSince }: Project): void {
  if (deletingSince !== null) throw new DomainError('conflict', 'This project is being deleted');
}
