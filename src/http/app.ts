import { Hono } from 'hono';
import type { HttpDeps } from './deps.ts';
import { allowedMethods } from './kit/allowed-methods.ts';
import { createEdge, type EdgeDeps } from './kit/edge.ts';
import type { Route } from './kit/route.ts';
import { authRoutes } from './routes/auth.ts';
import { descriptionRoutes } from './routes/description.ts';
import { fileRoutes } from './routes/files/index.ts';
import { frontendRoutes } from './routes/frontends.ts';
import { historyRoutes } from './routes/history.ts';
import { previewRoutes } from './routes/previews.ts';
import { projectRoutes } from './routes/projects.ts';
import { providerRoutes } from './routes/providers.ts';
import { sessionRoutes } from './routes/sessions.ts';
import { systemRoutes } from './routes/system.ts';
import { turnRoutes } from './routes/turns.ts';

/** The REST API. */
export function createHttpApp(deps: HttpDeps): Hono {
  return createApp(deps, createRoutes(deps));
}

/** Health and readiness alone, for a process whose business is elsewhere. */
export function createSystemApp(deps: EdgeDeps & Pick<HttpDeps, 'checks'>): Hono {
  return createApp(deps, systemRoutes(deps));
}

function createApp(deps: EdgeDeps, routes: readonly Route[]): Hono {
  const app = new Hono();
  const edge = createEdge(deps);
  for (const route of routes) app.on(route.endpoint.method, route.endpoint.path, edge.serve(route));
  for (const [path, allow] of allowedMethods(routes.map(({ endpoint }) => endpoint)))
    app.all(path, edge.refuseMethod(allow));
  app.notFound(edge.notFound);
  return app;
}

/** The whole table, also for tests and documentation. Static paths come before those with parameters. */
export function createRoutes(deps: HttpDeps): Route[] {
  return [
    ...systemRoutes(deps),
    ...descriptionRoutes(),
    ...authRoutes(deps),
    ...projectRoutes(deps),
    ...previewRoutes(deps),
    ...frontendRoutes(deps),
    ...sessionRoutes(deps),
    ...turnRoutes(deps),
    ...historyRoutes(deps),
    ...fileRoutes(deps),
    ...providerRoutes(deps),
  ];
}
