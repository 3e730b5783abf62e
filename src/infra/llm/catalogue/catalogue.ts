import { existsSync, readFileSync } from 'node:fs';
import type { Catalogue, ModelInfo, ProviderInfo } from '#domain/provider/index.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import { mergeProviders } from './merge.ts';
import { parseProviderFile } from './provider-file.ts';
import { shippedProviders } from './shipped.ts';

export interface CatalogueDeps {
  /** The operator's providers, from the configuration; they win, and stand first. */
  custom: ProviderInfo[];
  /** A refreshed list, as a file that may be missing. */
  overridePath?: string;
  log: Log;
}

/** Nothing is read before the first question. A broken override is reported once and left out. */
export function createCatalogue(deps: CatalogueDeps): Catalogue {
  let loaded: Index | null = null;
  const index = (): Index => {
    loaded ??= buildIndex(load(deps));
    return loaded;
  };
  return {
    list: () => index().providers,
    provider: (id) => index().byId.get(id) ?? null,
    model: (providerId, modelId) => index().models.get(providerId)?.get(modelId) ?? null,
  };
}

interface Index {
  providers: ProviderInfo[];
  byId: Map<string, ProviderInfo>;
  models: Map<string, Map<string, ModelInfo>>;
}

function buildIndex(providers: ProviderInfo[]): Index {
  return {
    providers,
    byId: new Map(providers.map((provider) => [provider.id, provider])),
    models: new Map(
      providers.map(({ id, models }) => [id, new Map(models.map((model) => [model.id, model]))]),
    ),
  };
}

function load({ custom, overridePath, log }: CatalogueDeps): ProviderInfo[] {
  const shipped = shippedProviders();
  const merged = mergeProviders(shipped, readOverride(overridePath, shipped, log), custom);
  const own = new Set(custom.map(({ id }) => id));
  return [...merged.filter(({ id }) => own.has(id)), ...merged.filter(({ id }) => !own.has(id))];
}

function readOverride(path: string | undefined, shipped: ProviderInfo[], log: Log): ProviderInfo[] {
  if (path === undefined || !existsSync(path)) return [];
  try {
    const read = parseProviderFile(readFileSync(path, 'utf8'), shipped);
    return read.map((provider) => keepDestination(provider, shipped));
  } catch (error) {
    log.warn(
      { path, error: errorMessage(error) },
      'the refreshed provider list is unreadable and was left out',
    );
    return [];
  }
}

/** A refresh brings models and prices; where the key of a known provider is sent to is not its business. */
function keepDestination(provider: ProviderInfo, shipped: ProviderInfo[]): ProviderInfo {
  const known = shipped.find(({ id }) => id === provider.id);
  return known ? { ...provider, type: known.type, baseUrl: known.baseUrl } : provider;
}
