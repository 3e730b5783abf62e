import { createOpenAI } from '@ai-sdk/openai';
import type { LanguageModelV3CallOptions } from '@ai-sdk/provider';
import type { ModelRequest, ModelSelection } from '#domain/provider/index.ts';
import { createChatNormalizer } from '../dialects/chat.ts';
import { createResponsesNormalizer } from '../dialects/responses.ts';
import { WORD_ID } from '../families/call-ids.ts';
import { effortFor, OPENAI_EFFORTS } from '../families/efforts.ts';
import { toPrompt, toTools } from '../prompt/prompt.ts';
import {
  imageRules,
  keyOf,
  type ProviderAdapter,
  type RequestAdjustments,
  samplingOptions,
} from './adapter.ts';
import { chatCallOptions, createChatModel } from './openai-compat.ts';

const BASE_URL = 'https://api.openai.com/v1';
const REASONING_MODEL = /^([\w.-]+\/)*(o\d|gpt-([5-9]|\d\d))(?!.*chat)/;

/**
 * OpenAI itself is spoken to over the Responses API. Another base URL is a proxy or a look-alike, which
 * knows chat completions; the tolerant chat model reads those.
 */
export const openaiAdapter: ProviderAdapter = {
  normalizer: (selection) => (isOpenai(selection) ? createResponsesNormalizer : createChatNormalizer),
  thinkTags: (selection) => !isOpenai(selection),
  createModel(selection, fetch) {
    if (!isOpenai(selection)) {
      return createChatModel(selection, { fetch, transformRequestBody: renameForReasoningModels });
    }
    const baseURL = selection.baseUrl ?? BASE_URL;
    return createOpenAI({ baseURL, apiKey: keyOf(selection), fetch }).responses(selection.model.id);
  },
  callOptions: (request, adjustments) =>
    isOpenai(request.selection)
      ? responsesOptions(request, adjustments)
      : chatCallOptions(request, adjustments),
};

export function isOpenai({ baseUrl }: ModelSelection): boolean {
  return baseUrl === null || (URL.canParse(baseUrl) && new URL(baseUrl).hostname === 'api.openai.com');
}

/** Nothing is stored at the provider, so reasoning travels with us, encrypted. */
function responsesOptions(
  request: ModelRequest,
  adjustments: RequestAdjustments,
): LanguageModelV3CallOptions {
  const { model, reasoningEffort } = request.selection;
  const effort =
    model.canReason && reasoningEffort ? effortFor(OPENAI_EFFORTS, model.id, reasoningEffort) : null;
  return {
    ...samplingOptions(request),
    prompt: toPrompt(request.messages, {
      ...imageRules(request, adjustments),
      imagesInToolResults: true,
      callIds: WORD_ID,
      reasoning: adjustments.made.has('no_reasoning') ? 'none' : 'blocks',
      signatures: { foreign: null, own: null },
    }),
    tools: toTools(request.tools),
    providerOptions: {
      openai: {
        store: false,
        promptCacheKey: request.sessionId,
        ...(model.canReason ? { reasoningSummary: 'auto', include: ['reasoning.encrypted_content'] } : {}),
        ...(effort ? { reasoningEffort: effort } : {}),
      },
    },
  };
}

/** OpenAI's reasoning models refuse `max_tokens` and sampling, behind a proxy as well. */
export function renameForReasoningModels(body: Record<string, unknown>): Record<string, unknown> {
  if (!REASONING_MODEL.test(String(body.model))) return body;
  const { max_tokens, temperature: _temperature, top_p: _topP, ...rest } = body;
  return { ...rest, max_completion_tokens: max_tokens };
}
