import type { Context } from '../context.ts';
import { DomainError, isDomainError } from '../errors.ts';
import type { Session, SessionModelConfig } from '../session/session.ts';
import type { SecretBox } from '../user/ports.ts';
import type { Catalogue, ModelInfo, ModelSelection, ProviderCredential, ProviderInfo } from './provider.ts';
import { needsApiKey, needsBaseUrl } from './requirements.ts';
import { credentialKeyContext, sessionKeyContext } from './secret-contexts.ts';
import { sameUrl } from './tenant-base-url.ts';

/** The operator's choice for sessions that name no model. */
export interface AutoModel {
  provider: string;
  model: string;
  apiKey: string | null;
  baseUrl: string | null;
}

export interface ResolveModelDeps {
  catalogue: Catalogue;
  secrets: Pick<SecretBox, 'open'>;
  autoModel: AutoModel | null;
}

/** Where a model call goes, before the model itself is looked up. */
interface Endpoint {
  baseUrl: string | null;
  apiKey: string | null;
  /** The operator wrote the URL. */
  trusted: boolean;
  /** The key is the operator's, or there is none for a server of the operator's. */
  operatorPays: boolean;
}

interface Choice extends Endpoint {
  provider: ProviderInfo;
  modelId: string;
  settings: Pick<ModelSelection, 'temperature' | 'topP' | 'reasoningEffort'> & { maxTokens: number | null };
}

const NO_SETTINGS = { maxTokens: null, temperature: null, topP: null, reasoningEffort: null };
/** For a model that the catalogue does not list. */
const UNLISTED = { contextWindow: 128_000, defaultMaxTokens: 8_192 };

/**
 * The session's own choice, else the user's default, else the operator's. A key goes only to the address that it
 * was stored for; values of users are taken literally. Throws `model_not_configured`.
 */
export async function resolveModel(
  deps: ResolveModelDeps,
  ctx: Context<'sessionConfigs' | 'credentials'>,
  input: { session: Pick<Session, 'id' | 'userId'>; purpose: 'main' | 'small' },
): Promise<ModelSelection> {
  const { sessionConfigs, credentials } = ctx.repositories;
  const { session } = input;
  const [config, stored] = await Promise.all([
    sessionConfigs.get(session.id),
    credentials.list(session.userId),
  ]);
  return select(deps.catalogue, choose(deps, { session, config, stored }), input.purpose);
}

interface ModelSources {
  session: Pick<Session, 'id' | 'userId'>;
  config: SessionModelConfig | null;
  stored: readonly ProviderCredential[];
}

/** Whether the session's turns find a model and a key as things stand; no key is opened. */
export function isModelReady(deps: Omit<ResolveModelDeps, 'secrets'>, sources: ModelSources): boolean {
  try {
    choose({ ...deps, secrets: { open: () => '' } }, sources);
    return true;
  } catch (error) {
    if (isDomainError(error, 'model_not_configured')) return false;
    throw error;
  }
}

function choose(deps: ResolveModelDeps, { session, config, stored }: ModelSources): Choice {
  const own = config && !config.isAuto ? ofSession(deps, stored, session, config) : null;
  const byDefault = config ? null : ofUser(deps, stored);
  const choice = own ?? byDefault ?? ofOperator(deps);
  checkComplete(choice);
  return choice;
}

function ofSession(
  deps: ResolveModelDeps,
  stored: readonly ProviderCredential[],
  session: Pick<Session, 'id' | 'userId'>,
  config: SessionModelConfig,
): Choice {
  const provider = knownProvider(deps.catalogue, config.provider);
  const choice = { provider, modelId: config.model, settings: config };
  if (config.apiKeySealed !== null) {
    const apiKey = openKey(deps, config.apiKeySealed, sessionKeyContext(session.id, session.userId));
    return { ...choice, ...endpoint(provider, config.baseUrl), apiKey, operatorPays: false };
  }
  const credential = stored.find((candidate) => candidate.provider === provider.id);
  const fits = credential && (config.baseUrl === null || sameUrl(config.baseUrl, credential.baseUrl));
  if (fits) return { ...choice, ...ofCredential(deps, provider, credential) };
  const place = endpoint(provider, config.baseUrl);
  const operatorPays = config.baseUrl === null;
  return { ...choice, ...place, apiKey: operatorPays ? provider.apiKey : null, operatorPays };
}

function ofUser(deps: ResolveModelDeps, stored: readonly ProviderCredential[]): Choice | null {
  const credential = stored.find(({ isDefault }) => isDefault);
  const provider = credential ? deps.catalogue.provider(credential.provider) : null;
  if (!credential?.model || !provider) return null;
  const { maxTokens, reasoningEffort } = credential;
  const settings = { ...NO_SETTINGS, maxTokens, reasoningEffort };
  return { provider, modelId: credential.model, settings, ...ofCredential(deps, provider, credential) };
}

function ofCredential(
  deps: ResolveModelDeps,
  provider: ProviderInfo,
  credential: ProviderCredential,
): Endpoint {
  const context = credentialKeyContext(credential.userId, credential.provider);
  const apiKey = openKey(deps, credential.apiKeySealed, context);
  return { ...endpoint(provider, credential.baseUrl), apiKey, operatorPays: false };
}

function ofOperator({ autoModel, catalogue }: ResolveModelDeps): Choice {
  if (!autoModel)
    throw unconfigured('No model is chosen for this session. Choose a provider and a model for it');
  const provider = knownProvider(catalogue, autoModel.provider);
  return {
    provider,
    modelId: autoModel.model,
    settings: NO_SETTINGS,
    baseUrl: autoModel.baseUrl ?? provider.baseUrl,
    trusted: autoModel.baseUrl !== null || provider.trusted,
    apiKey: autoModel.apiKey ?? provider.apiKey,
    operatorPays: true,
  };
}

function endpoint(provider: ProviderInfo, baseUrl: string | null): Pick<Endpoint, 'baseUrl' | 'trusted'> {
  return baseUrl === null
    ? { baseUrl: provider.baseUrl, trusted: provider.trusted }
    : { baseUrl, trusted: false };
}

function openKey(deps: ResolveModelDeps, sealed: string, context: string): string {
  try {
    return deps.secrets.open(sealed, context);
  } catch {
    throw unconfigured(
      'The stored API key can no longer be read. Enter it again in the settings of the model',
    );
  }
}

function knownProvider(catalogue: Catalogue, id: string): ProviderInfo {
  const provider = catalogue.provider(id);
  if (!provider) throw unconfigured('This server does not know the chosen provider. Choose another one');
  return provider;
}

function checkComplete({ provider, apiKey, baseUrl }: Choice): void {
  if (apiKey === null && needsApiKey(provider)) {
    throw unconfigured(`There is no API key for ${provider.name}. Enter one in the settings of the model`);
  }
  if (baseUrl === null && needsBaseUrl(provider)) {
    throw unconfigured(`${provider.name} needs a base URL. Enter one in the settings of the model`);
  }
}

function select(catalogue: Catalogue, choice: Choice, purpose: 'main' | 'small'): ModelSelection {
  const { provider, settings } = choice;
  const main = catalogue.model(provider.id, choice.modelId) ?? unlisted(choice.modelId);
  const atCatalogue = sameUrl(choice.baseUrl, provider.baseUrl);
  const small =
    atCatalogue && provider.smallModelId ? catalogue.model(provider.id, provider.smallModelId) : null;
  const shared = {
    providerId: provider.id,
    providerType: provider.type,
    baseUrl: choice.baseUrl,
    apiKey: choice.apiKey,
    trusted: choice.trusted,
    operatorPays: choice.operatorPays && provider.type !== 'demo',
  };
  if (purpose === 'small') {
    const model = small ?? main;
    return { ...shared, model, ...NO_SETTINGS, maxTokens: model.defaultMaxTokens };
  }
  const { temperature, topP, reasoningEffort } = settings;
  const maxTokens = settings.maxTokens ?? main.defaultMaxTokens;
  return { ...shared, model: main, maxTokens, temperature, topP, reasoningEffort };
}

function unlisted(id: string): ModelInfo {
  const free = { priceIn: 0, priceOut: 0, priceCacheWrite: 0, priceCacheRead: 0 };
  return { id, name: id, ...UNLISTED, ...free, canReason: false, supportsImages: false };
}

function unconfigured(message: string): DomainError {
  return new DomainError('model_not_configured', `${message}.`);
}
