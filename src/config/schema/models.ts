import { z } from 'zod';
import { PROVIDER_TYPES } from '#shared/provider-types.ts';
import { Flag, wholeNumber } from './fields.ts';

export const AutoModelSection = z.strictObject({
  provider: z.string().min(1).default('demo').describe('id of a provider; demo is offline and needs no key'),
  model: z.string().min(1).default('demo-1').describe('id of one of its models'),
  api_key: z.string().default('').describe("instead of the provider's own"),
  base_url: z.string().default('').describe("instead of the provider's own"),
});

/** The types that this version has an adapter for. */
export const AVAILABLE_PROVIDER_TYPES: readonly (typeof PROVIDER_TYPES)[number][] = [
  'openai',
  'anthropic',
  'openai-compat',
  'openrouter',
];

const MAX_TOKENS = 1_000_000_000;
const price = () => z.number().min(0).default(0);

const Model = z.strictObject({
  id: z.string().min(1).describe('what the provider calls it'),
  name: z.string().optional().describe('what people see; the id when left out'),
  context_window: wholeNumber(0, MAX_TOKENS)
    .default(128_000)
    .describe('tokens of request and answer; 0: unknown'),
  default_max_tokens: wholeNumber(1, MAX_TOKENS).default(8192).describe('tokens of an answer'),
  cost_per_1m_in: price().describe('price of a million tokens sent'),
  cost_per_1m_out: price().describe('price of a million tokens answered'),
  cost_per_1m_in_cached: price().describe('price of a million tokens written to the cache'),
  cost_per_1m_out_cached: price().describe('price of a million tokens read from the cache'),
  can_reason: Flag.default(false).describe('whether it thinks before it answers'),
  supports_images: Flag.default(false).describe('whether it sees images'),
});

const Provider = z.strictObject({
  type: z
    .enum(PROVIDER_TYPES)
    .refine(
      (type) => AVAILABLE_PROVIDER_TYPES.includes(type),
      `not available in this version: use one of ${AVAILABLE_PROVIDER_TYPES.join(', ')}`,
    )
    .default('openai-compat')
    .describe('which protocol it speaks'),
  name: z.string().optional().describe('what people see; the id when left out'),
  base_url: z.string().default('').describe('address of its API'),
  api_key: z.string().default('').describe('key that every user of this server shares'),
  small_model: z.string().optional().describe('id of the model for titles'),
  models: z.array(Model).default([]).describe('its models'),
});

export const ProvidersSection = z.record(z.string(), Provider);
