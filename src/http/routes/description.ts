import { API } from '#domain/protocol/http/endpoints.ts';
import { VERSION } from '#shared/version.ts';
import { type Route, route } from '../kit/route.ts';
import { createOpenApiDocument } from '../openapi/document.ts';

export function descriptionRoutes(): Route[] {
  let document: Uint8Array | undefined;
  return [
    route(API.description.openApi, () => {
      document ??= Buffer.from(JSON.stringify(createOpenApiDocument(API, VERSION)));
      return { status: 200 as const, bytes: document };
    }),
  ];
}
