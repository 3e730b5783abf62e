import { z } from 'zod';
import { DomainError } from '#domain/errors.ts';
import { isId } from '#shared/ids.ts';

/** This service knows no sessions: `session_id` may hold a project's id, plain or as `project:<id>`. */
export const ProjectRef = z.object({
  project_id: z.string().max(64).optional(),
  session_id: z.string().max(64).optional(),
});
export type ProjectRef = z.infer<typeof ProjectRef>;

const PREFIX = 'project:';

/** Throws `invalid_input`. */
export function projectIdOf({ project_id, session_id }: ProjectRef): string {
  const given = project_id ?? session_id;
  if (given === undefined) throw new DomainError('invalid_input', 'project_id is required');
  const id = given.startsWith(PREFIX) ? given.slice(PREFIX.length) : given;
  if (!isId(id)) throw new DomainError('invalid_input', 'project_id is not the id of a project');
  return id;
}

const OTHER_ROOT = /^\/sandbox(?=\/|$)/;

/** Callers of older sandbox services say `/sandbox` for the workspace. */
export function workspacePathOf(path: string | undefined): string {
  return (path ?? '').replace(OTHER_ROOT, '/workspace');
}
