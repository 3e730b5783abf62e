import {
  createProject,
  deleteProject,
  getOwnedProject,
  listProjects,
  toProjectView,
  updateProject,
} from '#domain/project/index.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import { listProjectSessions, toSessionView } from '#domain/session/index.ts';
import type { HttpDeps } from '../deps.ts';
import { ok, type Route, route } from '../kit/route.ts';
import { pageReply } from './page-reply.ts';

export function projectRoutes(
  deps: Pick<HttpDeps, 'workspaces' | 'eventLog' | 'workspaceRoots' | 'sourceControl' | 'maxProjectsPerUser'>,
): Route[] {
  return [
    route(API.projects.listProjects, async ({ ctx, query }) =>
      pageReply(await listProjects(ctx, query), toProjectView),
    ),
    route(API.projects.createProject, async ({ ctx, body, signal }) =>
      ok(toProjectView(await createProject(deps, ctx, body, signal()))),
    ),
    route(API.projects.getProject, async ({ ctx, params }) =>
      ok(toProjectView(await getOwnedProject(ctx, params.id))),
    ),
    route(API.projects.updateProject, async ({ ctx, params, body }) =>
      ok(toProjectView(await updateProject(ctx, { projectId: params.id, request: body }))),
    ),
    route(API.projects.deleteProject, async ({ ctx, params }) => {
      await deleteProject(deps, ctx, params.id);
      return ok({ success: true });
    }),
    route(API.projects.listProjectSessions, async ({ ctx, params, query }) =>
      pageReply(await listProjectSessions(ctx, { projectId: params.id, ...query }), toSessionView),
    ),
  ];
}
