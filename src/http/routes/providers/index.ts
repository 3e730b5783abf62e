import { getAutoModel, listModels, listProviders } from '#domain/provider/index.ts';
import type { HttpDeps } from '../../deps.ts';
import { ok, type Route } from '../../kit/route.ts';

export function providerRoutes(deps: Pick<HttpDeps, 'catalogue' | 'autoModel'>): Route[] {
  return [
    {
      method: 'GET',
      path: '/api/auto-model',
      access: 'user',
      handle: () => ok(getAutoModel(deps)),
    },
    {
      method: 'GET',
      path: '/api/providers',
      access: 'user',
      async handle({ ctx }) {
        return ok(await listProviders(deps, ctx));
      },
    },
    {
      method: 'GET',
      path: '/api/providers/:provider/models',
      access: 'user',
      handle: ({ param }) => ok(listModels(deps, param('provider'))),
    },
  ];
}
