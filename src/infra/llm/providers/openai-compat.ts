import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { JSONObject, LanguageModelV3, LanguageModelV3CallOptions } from '@ai-sdk/provider';
import type { ModelRequest, ModelSelection } from '#domain/provider/index.ts';
import { createChatNormalizer } from '../dialects/chat.ts';
import { ModelFailure } from '../failure/failure.ts';
import { toPrompt, toTools } from '../prompt.ts';
import { keyOf, type ProviderAdapter, samplingOptions } from './adapter.ts';

/** Name under which the package finds our options; it also names its provider metadata. */
const OPTIONS_KEY = 'compat';

export const openaiCompatAdapter: ProviderAdapter = {
  normalizer: () => createChatNormalizer,
  thinkTags: () => true,
  createModel: (selection, fetch) => createChatModel(selection, { fetch }),
  callOptions: (request) => chatCallOptions(request),
};

export const openrouterAdapter: ProviderAdapter = {
  normalizer: () => createChatNormalizer,
  thinkTags: () => true,
  createModel: (selection, fetch) =>
    createChatModel(
      { ...selection, baseUrl: selection.baseUrl ?? 'https://openrouter.ai/api/v1' },
      { fetch },
    ),
  callOptions(request) {
    const { model, reasoningEffort } = request.selection;
    const reasoning = model.canReason && reasoningEffort ? { enabled: true, effort: reasoningEffort } : null;
    return chatCallOptions(request, { usage: { include: true }, ...(reasoning ? { reasoning } : {}) });
  },
};

export interface ChatModelOptions {
  fetch: typeof globalThis.fetch;
  transformRequestBody?: (body: Record<string, unknown>) => Record<string, unknown>;
}

export function createChatModel(selection: ModelSelection, options: ChatModelOptions): LanguageModelV3 {
  if (!selection.baseUrl) throw new ModelFailure('bad_request', 'The provider has no base URL.');
  return createOpenAICompatible({
    name: OPTIONS_KEY,
    baseURL: selection.baseUrl,
    apiKey: keyOf(selection),
    includeUsage: true,
    fetch: options.fetch,
    transformRequestBody: options.transformRequestBody,
  }).chatModel(selection.model.id);
}

/** `extra` goes into the request body as it is; without it, reasoning is asked for by `reasoning_effort`. */
export function chatCallOptions(request: ModelRequest, extra?: JSONObject): LanguageModelV3CallOptions {
  const { model, reasoningEffort } = request.selection;
  const effort = model.canReason && reasoningEffort ? { reasoningEffort } : {};
  return {
    ...samplingOptions(request),
    prompt: toPrompt(request.messages, {
      supportsImages: model.supportsImages,
      imagesInToolResults: false,
      strictToolCallIds: false,
    }),
    tools: toTools(request.tools),
    providerOptions: { [OPTIONS_KEY]: extra ?? effort },
  };
}
