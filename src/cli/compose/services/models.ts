import { lookup } from 'node:dns';
import { join } from 'node:path';
import type { Config } from '#config/load.ts';
import type { AutoModel, Catalogue, ProviderInfo } from '#domain/provider/index.ts';
import { type ClosableLanguageModel, createCatalogue, createLanguageModel } from '#infra/llm/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { VERSION } from '#shared/version.ts';

const STALL_MS = 120_000;
const DEMO_CHUNK_DELAY_MS = 15;
/** What `crush update-providers` writes. */
const CATALOGUE_FILE = 'providers.json';

export function openCatalogue(config: Config, log: Log): Catalogue {
  return createCatalogue({
    custom: customProviders(config),
    overridePath: join(config.data_dir, CATALOGUE_FILE),
    log,
  });
}

export function autoModelOf({ auto_model }: Config): AutoModel {
  return {
    provider: auto_model.provider,
    model: auto_model.model,
    apiKey: auto_model.api_key || null,
    baseUrl: auto_model.base_url || null,
  };
}

export function openLanguageModel(clock: Clock, log: Log): ClosableLanguageModel {
  return createLanguageModel({
    clock,
    log,
    sleep,
    resolve: lookup,
    userAgent: `crush/${VERSION}`,
    stallMs: STALL_MS,
    demoChunkDelayMs: DEMO_CHUNK_DELAY_MS,
  });
}

function customProviders(config: Config): ProviderInfo[] {
  return Object.entries(config.providers).map(([id, provider]) => ({
    id,
    name: provider.name ?? id,
    type: provider.type,
    baseUrl: provider.base_url || null,
    apiKey: provider.api_key || null,
    trusted: true,
    smallModelId: provider.small_model ?? null,
    models: provider.models.map((model) => ({
      id: model.id,
      name: model.name ?? model.id,
      contextWindow: model.context_window,
      defaultMaxTokens: model.default_max_tokens,
      priceIn: model.cost_per_1m_in,
      priceOut: model.cost_per_1m_out,
      priceCacheWrite: model.cost_per_1m_in_cached,
      priceCacheRead: model.cost_per_1m_out_cached,
      canReason: model.can_reason,
      supportsImages: model.supports_images,
    })),
  }));
}
