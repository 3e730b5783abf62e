import { openPreview } from '#domain/preview/index.ts';
import { API } from '#domain/protocol/http/endpoints.ts';
import type { HttpDeps } from '../deps.ts';
import { ok, type Route, route } from '../kit/route.ts';

export function previewRoutes(deps: Pick<HttpDeps, 'previewSigner' | 'previewAddresses'>): Route[] {
  return [
    route(API.previews.openPreview, async ({ ctx, params, body }) =>
      ok(await openPreview(deps, ctx, { projectId: params.id, port: body.port ?? undefined })),
    ),
  ];
}
