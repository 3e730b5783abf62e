import { expect, test } from 'vitest';
import { stepUsage } from './usage.ts';

test('each kind of token has its own price per million', () => {
  const usage = stepUsage(
    { inputTokens: 1000, outputTokens: 200, cacheReadTokens: 5000, cacheWriteTokens: 300, estimated: false },
    {
      id: 'm',
      name: 'M',
      contextWindow: 200_000,
      defaultMaxTokens: 1,
      priceIn: 3,
      priceOut: 15,
      priceCacheRead: 0.3,
      priceCacheWrite: 3.75,
      canReason: false,
      supportsImages: false,
    },
  );
  expect(usage.cost).toBeCloseTo((3000 + 3000 + 1500 + 1125) / 1e6, 12);
  expect(usage).toMatchObject({ promptTokens: 6000, completionTokens: 200, contextWindow: 200_000 });
});
