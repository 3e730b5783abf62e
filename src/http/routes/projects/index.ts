import { parseInput } from '#domain/parse-input.ts';
import {
  CreateProjectRequest,
  createProject,
  deleteProject,
  getOwnedProject,
  listProjects,
  toProjectView,
  UpdateProjectRequest,
  updateProject,
} from '#domain/project/index.ts';
import { listProjectSessions, toSessionView } from '#domain/session/index.ts';
import type { HttpDeps } from '../../deps.ts';
import { JSON_BODY_LIMIT, ok, type Route } from '../../kit/route.ts';
import { pageReply, readPageQuery } from '../page-query.ts';

export function projectRoutes(
  deps: Pick<HttpDeps, 'workspaces' | 'workspaceRoots' | 'sourceControl'>,
): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/projects',
      access: 'user',
      async handle(request) {
        return pageReply(await listProjects(request.ctx, readPageQuery(request)), toProjectView);
      },
    },
    {
      method: 'POST',
      path: '/api/projects',
      access: 'user',
      bodyLimit: JSON_BODY_LIMIT,
      async handle({ ctx, body, signal }) {
        const request = parseInput(CreateProjectRequest, body);
        return ok(toProjectView(await createProject(deps, ctx, request, signal())));
      },
    },
    {
      method: 'GET',
      path: '/api/projects/:id',
      access: 'user',
      async handle({ ctx, param }) {
        return ok(toProjectView(await getOwnedProject(ctx, param('id'))));
      },
    },
    {
      method: 'PUT',
      path: '/api/projects/:id',
      access: 'user',
      bodyLimit: JSON_BODY_LIMIT,
      async handle({ ctx, param, body }) {
        const request = parseInput(UpdateProjectRequest, body);
        return ok(toProjectView(await updateProject(ctx, { projectId: param('id'), request })));
      },
    },
    {
      method: 'DELETE',
      path: '/api/projects/:id',
      access: 'user',
      async handle({ ctx, param }) {
        await deleteProject(deps, ctx, param('id'));
        return ok({ success: true });
      },
    },
    {
      method: 'GET',
      path: '/api/projects/:id/sessions',
      access: 'user',
      async handle(request) {
        const input = { projectId: request.param('id'), ...readPageQuery(request) };
        return pageReply(await listProjectSessions(request.ctx, input), toSessionView);
      },
    },
  ];
}
