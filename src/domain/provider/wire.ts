import type { ModelView, ProviderView } from '../protocol/views/provider.ts';
import type { ModelInfo, ProviderInfo } from './provider.ts';
import { needsApiKey, needsBaseUrl } from './requirements.ts';

/** `stored`: the caller has a key of their own. An operator's own base URL stays on the server. */
export function toProviderView(provider: ProviderInfo, stored: boolean): ProviderView {
  const keyMissing = needsApiKey(provider) && provider.apiKey === null && !stored;
  const urlMissing = needsBaseUrl(provider);
  return {
    id: provider.id,
    name: provider.name,
    base_url: provider.trusted ? '' : (provider.baseUrl ?? ''),
    type: provider.type,
    requires_base_url: urlMissing,
    requires_api_key: keyMissing,
    configured: !keyMissing && (!urlMissing || stored),
  };
}

export function toModelView(model: ModelInfo): ModelView {
  return {
    id: model.id,
    name: model.name,
    default_max_tokens: model.defaultMaxTokens,
    context_window: model.contextWindow,
    cost_per_1m_in: model.priceIn,
    cost_per_1m_out: model.priceOut,
    cost_per_1m_in_cached: model.priceCacheWrite,
    cost_per_1m_out_cached: model.priceCacheRead,
    can_reason: model.canReason,
    supports_images: model.supportsImages,
  };
}
