import { Hono } from 'hono';
import type { SandboxDeps } from './deps.ts';
import { createEdge } from './edge.ts';
import { SandboxError } from './errors.ts';
import type { Route } from './route.ts';
import { executeRoutes } from './routes/execute.ts';
import { fileRoutes } from './routes/files.ts';
import { projectRoutes } from './routes/projects.ts';
import { searchRoutes } from './routes/search.ts';
import { serviceRoutes, unsupportedRoutes } from './routes/service.ts';
import { workspaceRoutes } from './routes/workspaces.ts';

/** The HTTP side of a sandbox host. */
export function createSandboxApp(deps: SandboxDeps): Hono {
  const app = new Hono();
  const edge = createEdge(deps);
  const routes = createSandboxRoutes(deps);
  for (const route of routes) app.on(route.method, route.path, edge.serve(route));
  const wrongMethod = new SandboxError('method_not_allowed', 'This path does not take this method');
  for (const path of new Set(routes.map((route) => route.path))) app.all(path, edge.refuse(wrongMethod));
  app.notFound(edge.refuse(new SandboxError('path_not_found', 'There is nothing at this path')));
  return app;
}

/** The whole table, also for tests. */
export function createSandboxRoutes(deps: SandboxDeps): Route[] {
  return [
    ...serviceRoutes(deps),
    ...executeRoutes(deps),
    ...fileRoutes(deps),
    ...searchRoutes(deps),
    ...projectRoutes(deps),
    ...unsupportedRoutes(),
    ...workspaceRoutes(deps),
  ];
}
