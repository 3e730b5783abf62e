import type { ProviderInfo } from './provider.ts';

/** Bedrock and Vertex take the credentials of the server's environment. */
const TYPES_WITHOUT_KEY: ReadonlySet<ProviderInfo['type']> = new Set(['demo', 'bedrock', 'vertex']);
const TYPES_WITH_OWN_URL: ReadonlySet<ProviderInfo['type']> = new Set(['openai-compat', 'azure']);

/** An operator's own server (Ollama, vLLM) may be listed without a key and then needs none. */
export function needsApiKey(provider: ProviderInfo): boolean {
  const keylessServer = provider.trusted && provider.baseUrl !== null && provider.apiKey === null;
  return !TYPES_WITHOUT_KEY.has(provider.type) && !keylessServer;
}

export function needsBaseUrl(provider: ProviderInfo): boolean {
  return TYPES_WITH_OWN_URL.has(provider.type) && provider.baseUrl === null;
}
