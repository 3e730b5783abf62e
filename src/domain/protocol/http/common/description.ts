import { endpoint } from '../endpoint.ts';

export const description = {
  openApi: endpoint({
    method: 'GET',
    path: '/openapi.json',
    access: 'public',
    summary: 'This API as an OpenAPI 3.1 document.',
    replies: { 200: { bytes: 'an OpenAPI document', type: 'application/json' } },
  }),
};
