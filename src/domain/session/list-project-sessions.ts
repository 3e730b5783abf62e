import type { Context } from '../context.ts';
import { type Page, type PageInput, readPage } from '../page.ts';
import { getOwnedProject } from '../project/get-owned-project.ts';
import type { Session } from './session.ts';

/** The sessions of a project, newest first, without those of sub-agents. */
export async function listProjectSessions(
  ctx: Context<'projects' | 'sessions'>,
  input: PageInput & { projectId: string },
): Promise<Page<Session>> {
  const project = await getOwnedProject(ctx, input.projectId);
  return readPage(input, (rows) => ctx.repositories.sessions.listByProject(project.id, rows));
}
