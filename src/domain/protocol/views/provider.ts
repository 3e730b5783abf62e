import { z } from 'zod';
import { PROVIDER_TYPES } from '#shared/provider-types.ts';

/** What a configuration may name, and the offline one that is always there. */
export const ProviderType = z.enum(['demo', ...PROVIDER_TYPES]);
export type ProviderType = z.infer<typeof ProviderType>;

export const ProviderView = z
  .object({
    id: z.string(),
    name: z.string(),
    base_url: z.string(),
    type: ProviderType,
    requires_base_url: z.boolean(),
    requires_api_key: z.boolean(),
    configured: z.boolean().describe('the caller can use it without entering anything'),
  })
  .meta({ id: 'Provider' });
export type ProviderView = z.infer<typeof ProviderView>;

/** Costs are US dollars per million tokens. */
export const ModelView = z
  .object({
    id: z.string(),
    name: z.string(),
    default_max_tokens: z.number().int(),
    context_window: z.number().int(),
    cost_per_1m_in: z.number().describe('US dollars'),
    cost_per_1m_out: z.number().describe('US dollars'),
    cost_per_1m_in_cached: z.number().describe('US dollars'),
    cost_per_1m_out_cached: z.number().describe('US dollars'),
    can_reason: z.boolean(),
    supports_images: z.boolean(),
  })
  .meta({ id: 'Model' });
export type ModelView = z.infer<typeof ModelView>;

/** What sessions without a choice of their own use. */
export const AutoModelView = z
  .object({ provider: z.string(), model: z.string(), configured: z.literal(true) })
  .meta({ id: 'AutoModel' });
export type AutoModelView = z.infer<typeof AutoModelView>;
