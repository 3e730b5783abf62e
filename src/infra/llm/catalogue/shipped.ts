import { type ModelInfo, type ProviderInfo, ProviderType } from '#domain/provider/index.ts';
import snapshot from './catalogue.snapshot.json' with { type: 'json' };

interface ShippedModel extends Partial<ModelInfo> {
  id: string;
  name: string;
  defaultMaxTokens: number;
}

export const DEMO_PROVIDER: ProviderInfo = {
  id: 'demo',
  name: 'Offline demo',
  type: 'demo',
  baseUrl: null,
  apiKey: null,
  trusted: false,
  smallModelId: 'demo-1',
  models: [
    toModel({
      id: 'demo-1',
      name: 'Demo (offline, no language model)',
      contextWindow: 200_000,
      defaultMaxTokens: 4_000,
    }),
  ],
};

/** Providers of the snapshot, then the demo. Takes the generated file at its word: a test validates it. */
export function shippedProviders(): ProviderInfo[] {
  const known = snapshot.map(
    (provider): ProviderInfo => ({
      id: provider.id,
      name: provider.name,
      type: ProviderType.parse(provider.type),
      baseUrl: provider.baseUrl,
      apiKey: null,
      trusted: false,
      smallModelId: provider.smallModelId,
      models: (provider.models as ShippedModel[]).map(toModel),
    }),
  );
  return [...known, DEMO_PROVIDER];
}

function toModel(model: ShippedModel): ModelInfo {
  return {
    contextWindow: 0,
    priceIn: 0,
    priceOut: 0,
    priceCacheRead: 0,
    priceCacheWrite: 0,
    canReason: false,
    supportsImages: false,
    ...model,
  };
}
