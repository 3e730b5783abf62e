import { API } from '#domain/protocol/http/endpoints.ts';
import { getAutoModel, listModels, listProviders } from '#domain/provider/index.ts';
import type { HttpDeps } from '../deps.ts';
import { ok, type Route, route } from '../kit/route.ts';

export function providerRoutes(deps: Pick<HttpDeps, 'catalogue' | 'autoModel'>): Route[] {
  return [
    route(API.providers.getAutoModel, () => ok(getAutoModel(deps))),
    route(API.providers.listProviders, async ({ ctx }) => ok(await listProviders(deps, ctx))),
    route(API.providers.listModels, ({ params }) => ok(listModels(deps, params.provider))),
  ];
}
