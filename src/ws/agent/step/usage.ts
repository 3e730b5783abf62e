import type { ModelInfo, Usage } from '#domain/provider/index.ts';

export interface StepUsage {
  promptTokens: number;
  completionTokens: number;
  /** US dollars. */
  cost: number;
  contextWindow: number;
}

const PER_MILLION = 1_000_000;

export function stepUsage(usage: Usage, model: ModelInfo): StepUsage {
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const cost =
    inputTokens * model.priceIn +
    outputTokens * model.priceOut +
    cacheReadTokens * model.priceCacheRead +
    cacheWriteTokens * model.priceCacheWrite;
  return {
    promptTokens: inputTokens + cacheReadTokens,
    completionTokens: outputTokens,
    cost: cost / PER_MILLION,
    contextWindow: model.contextWindow,
  };
}
