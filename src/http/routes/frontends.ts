import { getFrontend, startFrontend, stopFrontend } from '#domain/frontend/index.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import type { HttpDeps } from '../deps.ts';
import { ok, type Route, route } from '../kit/route.ts';

export function frontendRoutes(
  deps: Pick<HttpDeps, 'frontends' | 'previewSigner' | 'previewAddresses'>,
): Route[] {
  return [
    route(API.frontends.getFrontend, async ({ ctx, params }) => ok(await getFrontend(deps, ctx, params.id))),
    route(API.frontends.startFrontend, async ({ ctx, params }) =>
      ok(await startFrontend(deps, ctx, params.id)),
    ),
    route(API.frontends.stopFrontend, async ({ ctx, params }) =>
      ok(await stopFrontend(deps, ctx, params.id)),
    ),
  ];
}
