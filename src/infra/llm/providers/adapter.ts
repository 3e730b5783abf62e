import type { LanguageModelV3, LanguageModelV3CallOptions } from '@ai-sdk/provider';
import type { ModelRequest, ModelSelection } from '#domain/provider/index.ts';
import type { CreateNormalizer } from '../dialects/normalizer.ts';
import type { Adjustment } from '../families/refusals.ts';
import type { ImageRules } from '../prompt/images.ts';

/** What is known of earlier refusals when a request is written. */
export interface RequestAdjustments {
  made: ReadonlySet<Adjustment>;
  isRefusedImage(data: Uint8Array): boolean;
}

/** What differs between the kinds of providers that are spoken to over HTTP. */
export interface ProviderAdapter {
  /** How the payloads of the selection's stream are read. */
  normalizer(selection: ModelSelection): CreateNormalizer;
  /** Whether reasoning may stand in the text, between tags. */
  thinkTags(selection: ModelSelection): boolean;
  createModel(selection: ModelSelection, fetch: typeof globalThis.fetch): LanguageModelV3;
  /** Prompt, tools and options of one call, without signal and headers. */
  callOptions(request: ModelRequest, adjustments: RequestAdjustments): LanguageModelV3CallOptions;
}

export const AS_IT_IS: RequestAdjustments = { made: new Set(), isRefusedImage: () => false };

export function samplingOptions({ selection, maxTokens }: ModelRequest): Partial<LanguageModelV3CallOptions> {
  return {
    maxOutputTokens: maxTokens ?? selection.maxTokens,
    temperature: selection.temperature ?? undefined,
    topP: selection.topP ?? undefined,
  };
}

export function imageRules({ selection }: ModelRequest, adjustments: RequestAdjustments): ImageRules {
  const { made, isRefusedImage } = adjustments;
  return {
    supportsImages: selection.model.supportsImages,
    isRefused: (data) => made.has('no_images') || isRefusedImage(data),
  };
}

/** The packages fall back to environment variables for a key that is undefined, so it never is. */
export function keyOf(selection: ModelSelection): string {
  return selection.apiKey ?? '';
}
