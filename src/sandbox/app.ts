import { Hono } from 'hono';
import { allowedMethods } from '#http/kit/allowed-methods.ts';
import type { SandboxDeps } from './deps.ts';
import { createSandboxEdge } from './edge.ts';
import type { SandboxRoute } from './route.ts';
import { executeRoutes } from './routes/execute.ts';
import { fileRoutes } from './routes/files.ts';
import { projectRoutes } from './routes/projects.ts';
import { searchRoutes } from './routes/search.ts';
import { serviceRoutes, unsupportedRoutes } from './routes/service.ts';
import { workspaceRoutes } from './routes/workspaces.ts';

/** The HTTP side of a sandbox host. */
export function createSandboxApp(deps: SandboxDeps): Hono {
  const app = new Hono();
  const edge = createSandboxEdge(deps);
  const routes = createSandboxRoutes(deps);
  for (const route of routes) app.on(route.method, route.path, edge.serve(route));
  for (const [path, allow] of allowedMethods(routes)) app.all(path, edge.refuseMethod(allow));
  app.notFound(edge.notFound);
  return app;
}

/** The whole table, also for tests. */
export function createSandboxRoutes(deps: SandboxDeps): SandboxRoute[] {
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
