import { z } from 'zod';
import { ModelInfo, type ProviderInfo, ProviderType } from '#domain/provider/index.ts';

/** Providers as a file or an address offers them. A key or trust inside it would not be the operator's: dropped. */
const OwnFormat = z.array(
  z
    .object({
      id: z.string().min(1),
      name: z.string().min(1),
      type: ProviderType,
      baseUrl: z.url({ protocol: /^https$/ }).nullable(),
      smallModelId: z.string().nullable().default(null),
      models: z.array(ModelInfo),
    })
    .transform((provider): ProviderInfo => ({ ...provider, apiKey: null, trusted: false })),
);

const ModelsDevModel = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  reasoning: z.boolean().default(false),
  tool_call: z.boolean().default(true),
  modalities: z.object({ input: z.array(z.string()) }).default({ input: ['text'] }),
  cost: z
    .object({
      input: z.number().default(0),
      output: z.number().default(0),
      cache_read: z.number().default(0),
      cache_write: z.number().default(0),
    })
    .prefault({}),
  limit: z.object({ context: z.number().default(0), output: z.number().default(0) }).prefault({}),
});

/** The shape of https://models.dev/api.json. */
const ModelsDevFormat = z.record(z.string(), z.object({ models: z.record(z.string(), z.unknown()) }));

const MAX_DEFAULT_TOKENS = 32_000;

/**
 * Reads a list of providers in our own format, or in that of models.dev. The latter says nothing of base URLs
 * that we could rely on, so it only refreshes the models of `known` providers. Throws a ZodError or SyntaxError.
 */
export function parseProviderFile(text: string, known: ProviderInfo[]): ProviderInfo[] {
  const json: unknown = JSON.parse(text);
  if (Array.isArray(json)) return OwnFormat.parse(json);
  const providers = ModelsDevFormat.parse(json);
  return known.flatMap((provider) => {
    const source = providers[provider.id];
    const [first] = provider.models;
    const isFirst = (model: ModelInfo): number => (model.id === first?.id ? 0 : 1);
    const models = Object.values(source?.models ?? {}).flatMap(toModel);
    models.sort((a, b) => isFirst(a) - isFirst(b));
    return models.length > 0 ? [{ ...provider, apiKey: null, trusted: false, models }] : [];
  });
}

function toModel(source: unknown): ModelInfo[] {
  const parsed = ModelsDevModel.safeParse(source);
  if (!parsed.success || !parsed.data.tool_call) return [];
  const { id, name, cost, limit, reasoning, modalities } = parsed.data;
  const half = limit.context > 0 ? Math.floor(limit.context / 2) : MAX_DEFAULT_TOKENS;
  return [
    {
      id,
      name,
      contextWindow: limit.context,
      defaultMaxTokens: Math.max(1, Math.min(limit.output || MAX_DEFAULT_TOKENS, MAX_DEFAULT_TOKENS, half)),
      priceIn: cost.input,
      priceOut: cost.output,
      priceCacheRead: cost.cache_read,
      priceCacheWrite: cost.cache_write,
      canReason: reasoning,
      supportsImages: modalities.input.includes('image'),
    },
  ];
}
