import type { ModelInfo, Usage } from '#domain/provider/index.ts';

export interface StepUsage {
  promptTokens: number;
  completionTokens: number;
  /** US dollars. */
  cost: number;
  contextWindow: number;
}

const PER_MILLION = 1_000_000;

/** The figures are those of the answer; the attempts that were withdrawn for it cost as well. */
export function stepUsage(
  { usage, withdrawn }: { usage: Usage; withdrawn: readonly Usage[] },
  model: ModelInfo,
): StepUsage {
  return {
    promptTokens: usage.inputTokens + usage.cacheReadTokens,
    completionTokens: usage.outputTokens,
    cost: [usage, ...withdrawn].reduce((sum, attempt) => sum + costOf(attempt, model), 0),
    contextWindow: model.contextWindow,
  };
}

/** US dollars: what the provider says, else by the model's prices. */
export function costOf(usage: Usage, model: ModelInfo): number {
  if (usage.reportedCost !== undefined) return usage.reportedCost;
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = usage;
  const cost =
    inputTokens * model.priceIn +
    outputTokens * model.priceOut +
    cacheReadTokens * model.priceCacheRead +
    cacheWriteTokens * model.priceCacheWrite;
  return cost / PER_MILLION;
}
