import type { ProviderType } from '#domain/provider/index.ts';
import type { ProviderAdapter } from './adapter.ts';

export type HttpProviderType = Exclude<ProviderType, 'demo'>;

/** Loads the packages of one provider type on its first call; null: not available in this build. */
export const ADAPTER_LOADERS: Record<HttpProviderType, (() => Promise<ProviderAdapter>) | null> = {
  openai: async () => (await import('./openai.ts')).openaiAdapter,
  anthropic: async () => (await import('./anthropic.ts')).anthropicAdapter,
  'openai-compat': async () => (await import('./openai-compat.ts')).openaiCompatAdapter,
  openrouter: async () => (await import('./openai-compat.ts')).openrouterAdapter,
  google: null,
  azure: null,
  bedrock: null,
  vertex: null,
};
