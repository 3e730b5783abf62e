import { isId } from '#shared/ids.ts';
import type { Context } from '../context.ts';
import { notFound } from '../errors.ts';
import type { Project } from './project.ts';

/** The one authorization of projects: a foreign id answers as a missing one. The service itself owns all. */
export async function getOwnedProject(ctx: Context<'projects'>, id: string): Promise<Project> {
  const project = isId(id) ? await ctx.repositories.projects.get(id) : null;
  if (!project) throw notFound('Project');
  if (ctx.actor.kind === 'user' && project.userId !== ctx.actor.userId) throw notFound('Project');
  return project;
}
