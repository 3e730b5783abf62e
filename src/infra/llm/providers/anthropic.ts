import { createAnthropic } from '@ai-sdk/anthropic';
import type {
  JSONObject,
  LanguageModelV3FunctionTool,
  LanguageModelV3Message,
  LanguageModelV3Prompt,
} from '@ai-sdk/provider';
import type { ModelSelection } from '#domain/provider/index.ts';
import { createAnthropicNormalizer } from '../dialects/anthropic.ts';
import { WORD_ID } from '../families/call-ids.ts';
import { ANTHROPIC_EFFORTS, effortFor } from '../families/efforts.ts';
import { toPrompt, toTools } from '../prompt/prompt.ts';
import { imageRules, keyOf, type ProviderAdapter, samplingOptions } from './adapter.ts';

const BASE_URL = 'https://api.anthropic.com/v1';
const CACHED = { anthropic: { cacheControl: { type: 'ephemeral' } } };
/** The provider's least. */
const MIN_THINKING_TOKENS = 1024;
const THINKING_TOKENS: Record<string, number> = {
  minimal: MIN_THINKING_TOKENS,
  low: 2_000,
  medium: 8_000,
  high: 16_000,
  xhigh: 24_000,
  max: 32_000,
};

export const anthropicAdapter: ProviderAdapter = {
  normalizer: () => createAnthropicNormalizer,
  thinkTags: () => false,
  createModel: (selection, fetch) =>
    createAnthropic({
      baseURL: versionedUrl(selection.baseUrl ?? BASE_URL),
      apiKey: keyOf(selection),
      fetch,
    }).messages(selection.model.id),
  callOptions(request, adjustments) {
    const withThinking = !adjustments.made.has('no_reasoning');
    const prompt = toPrompt(request.messages, {
      ...imageRules(request, adjustments),
      imagesInToolResults: true,
      callIds: WORD_ID,
      reasoning: withThinking ? 'blocks' : 'none',
      signatures: { foreign: null, own: null },
    });
    const thinking = withThinking ? thinkingOptions(request.selection) : {};
    const isRefused = 'anthropicBeta' in thinking && lacksThinking(prompt);
    return {
      ...samplingOptions(request),
      prompt: markPrompt(prompt),
      tools: markLastTool(toTools(request.tools)),
      providerOptions: { anthropic: isRefused ? {} : thinking },
    };
  },
};

/** Users write the address with and without its version. */
export function versionedUrl(baseUrl: string): string {
  const plain = baseUrl.replace(/\/+$/, '');
  return /\/v\d+$/.test(plain) ? plain : `${plain}/v1`;
}

/** A budget of thinking is refused in the middle of a tool's use that began without any. */
function lacksThinking(prompt: LanguageModelV3Prompt): boolean {
  const last = prompt.findLast(({ role }) => role === 'assistant');
  if (prompt.at(-1)?.role !== 'tool' || last?.role !== 'assistant') return false;
  return last.content[0]?.type !== 'reasoning';
}

/** The last system message and the last two messages: with the last tool, the four markers that are allowed. */
export function markPrompt(prompt: LanguageModelV3Prompt): LanguageModelV3Prompt {
  const lastSystem = prompt.findLastIndex(({ role }) => role === 'system');
  return prompt.map((message, index) =>
    index === lastSystem || (message.role !== 'system' && index >= prompt.length - 2)
      ? cached(message)
      : message,
  );
}

function cached(message: LanguageModelV3Message): LanguageModelV3Message {
  return { ...message, providerOptions: { ...message.providerOptions, ...CACHED } };
}

function markLastTool(tools: LanguageModelV3FunctionTool[] | undefined): typeof tools {
  return tools?.map((tool, index) =>
    index === tools.length - 1 ? { ...tool, providerOptions: CACHED } : tool,
  );
}

/** Newer models choose their own amount of thinking within an effort; older ones take a budget in tokens. */
export function thinkingOptions({ model, reasoningEffort }: ModelSelection): JSONObject {
  if (!model.canReason || !reasoningEffort || reasoningEffort === 'none') return {};
  if (takesEffort(model.id)) {
    const effort = effortFor(ANTHROPIC_EFFORTS, model.id, reasoningEffort);
    return { thinking: { type: 'adaptive' }, ...(effort ? { effort } : {}) };
  }
  return {
    thinking: { type: 'enabled', budgetTokens: THINKING_TOKENS[reasoningEffort] ?? 2_000 },
    anthropicBeta: ['interleaved-thinking-2025-05-14'],
  };
}

function takesEffort(modelId: string): boolean {
  const [, major = '0', minor = '0'] = /claude-[a-z]+-(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/.exec(modelId) ?? [];
  return Number(major) > 4 || (Number(major) === 4 && Number(minor) >= 6);
}
