import { HttpError } from '#http/kit/errors.ts';
import { ok } from '#http/kit/route.ts';
import type { SandboxDeps } from '../deps.ts';
import { projectIdOf } from '../project-ref.ts';
import type { SandboxRoute } from '../route.ts';

/** How the service is, what is in use, and how to end it. */
export function serviceRoutes({ provider, activity, draining }: SandboxDeps): SandboxRoute[] {
  return [
    {
      method: 'GET',
      path: '/health',
      access: 'public',
      handle: () =>
        ok({
          status: draining() ? 'draining' : 'ok',
          active_sessions: activity.list().length,
          running: activity.running(),
          driver: provider.driver,
          isolated: provider.isolated,
        }),
    },
    {
      method: 'GET',
      path: '/sessions',
      access: 'token',
      handle: () => {
        const active = activity.list();
        return ok({
          status: 'ok',
          sessions: active.map(({ projectId }) => projectId),
          count: active.length,
          details: active.map(({ projectId, running, lastUsedAt }) => ({
            project_id: projectId,
            running,
            last_used_at: lastUsedAt,
          })),
        });
      },
    },
    {
      method: 'POST',
      path: '/sessions/cleanup',
      access: 'token',
      handle: () =>
        ok({ status: 'ok', message: `Ended what ran for ${activity.stopAll()} projects; files are kept` }),
    },
    {
      method: 'DELETE',
      path: '/session/:id',
      access: 'token',
      handle: (request) => {
        const known = activity.stop(projectIdOf({ project_id: request.param('id') }));
        return ok({ status: 'ok', message: known ? 'Ended what ran; files are kept' : 'Nothing ran' });
      },
    },
  ];
}

/** Asked for by callers of older services; an invented answer would be believed. */
export function unsupportedRoutes(): SandboxRoute[] {
  return [
    refusing('/projects/configure-domain', 'This service does not publish ports or domains'),
    refusing('/diagnostic', 'This service runs no language servers'),
    refusing('/lsp/diagnostics', 'This service runs no language servers'),
  ];
}

function refusing(path: string, message: string): SandboxRoute {
  return {
    method: 'POST',
    path,
    access: 'token',
    handle: () => {
      throw new HttpError(501, 'not_supported', message);
    },
  };
}
