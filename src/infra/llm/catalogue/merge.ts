import type { ModelInfo, ProviderInfo } from '#domain/provider/index.ts';

/** Later lists win. A provider that is known already keeps what the later entry leaves open. */
export function mergeProviders(...lists: ProviderInfo[][]): ProviderInfo[] {
  const merged = new Map<string, ProviderInfo>();
  for (const provider of lists.flat()) {
    const known = merged.get(provider.id);
    merged.set(provider.id, known ? mergeProvider(known, provider) : provider);
  }
  return [...merged.values()];
}

/** Trust belongs to the base URL: whoever wrote the one that counts decides. */
function mergeProvider(known: ProviderInfo, next: ProviderInfo): ProviderInfo {
  const hasBaseUrl = next.baseUrl !== null;
  return {
    ...next,
    baseUrl: hasBaseUrl ? next.baseUrl : known.baseUrl,
    trusted: hasBaseUrl ? next.trusted : known.trusted,
    apiKey: next.apiKey ?? known.apiKey,
    smallModelId: next.smallModelId ?? known.smallModelId,
    models: mergeModels(known.models, next.models),
  };
}

/** The later models come first, because the first model of a provider is its default. */
function mergeModels(known: ModelInfo[], next: ModelInfo[]): ModelInfo[] {
  const ids = new Set(next.map(({ id }) => id));
  return [...next, ...known.filter(({ id }) => !ids.has(id))];
}
