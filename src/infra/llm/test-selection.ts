import type { ModelInfo, ModelSelection } from '#domain/provider/index.ts';

/** A selection for tests. */
export function testSelection(
  over: Partial<ModelSelection> = {},
  model: Partial<ModelInfo> = {},
): ModelSelection {
  return {
    providerId: 'test',
    providerType: 'demo',
    model: {
      id: 'test-1',
      name: 'Test',
      contextWindow: 100_000,
      defaultMaxTokens: 1_000,
      priceIn: 0,
      priceOut: 0,
      priceCacheWrite: 0,
      priceCacheRead: 0,
      canReason: false,
      supportsImages: false,
      ...model,
    },
    baseUrl: null,
    apiKey: null,
    operatorPays: false,
    trusted: false,
    maxTokens: 1_000,
    temperature: null,
    topP: null,
    reasoningEffort: null,
    ...over,
  };
}
