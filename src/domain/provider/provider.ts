import { z } from 'zod';
import { ProviderType } from '../protocol/views/provider.ts';

export { ProviderType };

/** Prices are US dollars per million tokens. */
export const ModelInfo = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  contextWindow: z.number().int().nonnegative(),
  defaultMaxTokens: z.number().int().positive(),
  priceIn: z.number().nonnegative().default(0),
  priceOut: z.number().nonnegative().default(0),
  priceCacheWrite: z.number().nonnegative().default(0),
  priceCacheRead: z.number().nonnegative().default(0),
  canReason: z.boolean().default(false),
  supportsImages: z.boolean().default(false),
});
export type ModelInfo = z.infer<typeof ModelInfo>;

export const ProviderInfo = z.object({
  id: z.string().min(1),
  name: z.string().min(1),
  type: ProviderType,
  baseUrl: z.string().nullable(),
  /** The operator's key, from config.yaml. Never leaves the server. */
  apiKey: z.string().nullable(),
  /** The operator wrote this base URL, so private addresses are allowed. */
  trusted: z.boolean(),
  smallModelId: z.string().nullable(),
  models: z.array(ModelInfo),
});
export type ProviderInfo = z.infer<typeof ProviderInfo>;

/** Known providers: the shipped snapshot, refreshed files and the operator's own, merged. */
export interface Catalogue {
  list(): ProviderInfo[];
  provider(id: string): ProviderInfo | null;
  model(providerId: string, modelId: string): ModelInfo | null;
}

/** A user's stored key for one provider. */
export interface ProviderCredential {
  userId: string;
  provider: string;
  apiKeySealed: string;
  apiKeyHint: string;
  /** The only origin that the key is sent to; null: the catalogue's. */
  baseUrl: string | null;
  maxTokens: number | null;
  reasoningEffort: string | null;
  isDefault: boolean;
  model: string | null;
  updatedAt: number;
}

/** Everything that one model call needs to know of its model, with the key in clear: keep it out of logs. */
export interface ModelSelection {
  providerId: string;
  providerType: ProviderType;
  model: ModelInfo;
  baseUrl: string | null;
  apiKey: string | null;
  trusted: boolean;
  /** The operator's key or server answers for it. */
  operatorPays: boolean;
  maxTokens: number;
  temperature: number | null;
  topP: number | null;
  reasoningEffort: string | null;
}
