import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import type { JSONObject, LanguageModelV3, LanguageModelV3CallOptions } from '@ai-sdk/provider';
import type { ModelRequest, ModelSelection } from '#domain/provider/index.ts';
import { createChatNormalizer } from '../dialects/chat.ts';
import { ModelFailure } from '../failure/failure.ts';
import { NINE_ID } from '../families/call-ids.ts';
import { effortFor } from '../families/efforts.ts';
import { type ChatFamily, chatFamilyOf, type ReasoningBack, SKIP_SIGNATURE } from '../families/family.ts';
import type { Adjustment } from '../families/refusals.ts';
import { type PromptRules, toPrompt, toTools } from '../prompt/prompt.ts';
import {
  imageRules,
  keyOf,
  type ProviderAdapter,
  type RequestAdjustments,
  samplingOptions,
} from './adapter.ts';
import { markForRouterCache } from './router-cache.ts';

/** Name under which the package finds our options; it also names its provider metadata. */
const OPTIONS_KEY = 'compat';
const ROUTER_URL = 'https://openrouter.ai/api/v1';

export const openaiCompatAdapter: ProviderAdapter = {
  normalizer: () => createChatNormalizer,
  thinkTags: () => true,
  createModel: (selection, fetch) => createChatModel(selection, { fetch }),
  callOptions: (request, adjustments) => chatCallOptions(request, adjustments),
};

export const openrouterAdapter: ProviderAdapter = {
  normalizer: () => createChatNormalizer,
  thinkTags: () => true,
  createModel: (selection, fetch) =>
    createChatModel(routed(selection), { fetch, transformRequestBody: markForRouterCache }),
  callOptions(request, adjustments) {
    const selection = routed(request.selection);
    const effort = effortOf(selection);
    const reasoning = effort ? { enabled: effort !== 'none', effort } : null;
    const extra = { usage: { include: true }, ...(reasoning ? { reasoning } : {}) };
    return chatCallOptions({ ...request, selection }, adjustments, extra);
  },
};

function routed(selection: ModelSelection): ModelSelection {
  return { ...selection, providerId: 'openrouter', baseUrl: selection.baseUrl ?? ROUTER_URL };
}

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
export function chatCallOptions(
  request: ModelRequest,
  adjustments: RequestAdjustments,
  extra?: JSONObject,
): LanguageModelV3CallOptions {
  const effort = effortOf(request.selection);
  return {
    ...samplingOptions(request),
    prompt: toPrompt(request.messages, chatRules(request, adjustments)),
    tools: toTools(request.tools),
    providerOptions: { [OPTIONS_KEY]: extra ?? (effort ? { reasoningEffort: effort } : {}) },
  };
}

function effortOf(selection: ModelSelection): string | null {
  const { model, reasoningEffort } = selection;
  if (!model.canReason || !reasoningEffort) return null;
  return effortFor(chatFamilyOf(selection).efforts, model.id, reasoningEffort);
}

function chatRules(request: ModelRequest, adjustments: RequestAdjustments): PromptRules {
  const family = chatFamilyOf(request.selection);
  const { made } = adjustments;
  const { foreignSignature: foreign } = family;
  const isChecked = foreign?.models.test(request.selection.model.id) ?? false;
  return {
    ...imageRules(request, adjustments),
    imagesInToolResults: false,
    callIds: made.has('nine_ids') ? NINE_ID : family.callIds,
    reasoning: adjustedReasoning(family, made),
    signatures: {
      foreign: made.has('signed_calls') ? SKIP_SIGNATURE : isChecked ? (foreign?.text ?? null) : null,
      own: made.has('signed_calls') ? SKIP_SIGNATURE : null,
    },
  };
}

function adjustedReasoning({ reasoning }: ChatFamily, made: ReadonlySet<Adjustment>): ReasoningBack {
  if (made.has('no_reasoning')) return { field: null, isDemanded: false };
  return made.has('each_reasoning') ? { field: 'reasoning_content', isDemanded: true } : reasoning;
}
