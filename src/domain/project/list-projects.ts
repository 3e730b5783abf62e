import type { Context } from '../context.ts';
import { type Page, type PageInput, readPage } from '../page.ts';
import type { Project } from './project.ts';

/** The caller's projects, newest first. */
export async function listProjects(ctx: Context<'projects'>, page: PageInput): Promise<Page<Project>> {
  const { actor } = ctx;
  if (actor.kind !== 'user') return { items: [], next: null };
  return readPage(page, (rows) => ctx.repositories.projects.listByUser(actor.userId, rows));
}
