import { z } from 'zod';
import { AutoModelView, ModelView, ProviderView } from '../views/provider.ts';
import { ProviderId } from './common/ids.ts';
import { endpoint } from './endpoint.ts';

export const providers = {
  getAutoModel: endpoint({
    method: 'GET',
    path: '/api/auto-model',
    access: 'user',
    summary: 'What sessions without a choice of their own use.',
    replies: { 200: AutoModelView },
    errors: ['not_found'],
  }),

  listProviders: endpoint({
    method: 'GET',
    path: '/api/providers',
    access: 'user',
    summary: 'The providers of this server as the caller can use them.',
    replies: { 200: z.array(ProviderView) },
  }),

  listModels: endpoint({
    method: 'GET',
    path: '/api/providers/:provider/models',
    access: 'user',
    summary: 'The models of a provider.',
    params: z.object({ provider: ProviderId }),
    replies: { 200: z.array(ModelView) },
    errors: ['not_found'],
  }),
};
