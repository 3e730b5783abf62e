import { expect, test } from 'vitest';
import type { ModelInfo, Usage } from '#domain/provider/index.ts';
import { stepUsage } from './usage.ts';

const MODEL: ModelInfo = {
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
};
const USAGE: Usage = {
  inputTokens: 1000,
  outputTokens: 200,
  cacheReadTokens: 5000,
  cacheWriteTokens: 300,
  estimated: false,
};
const COST = (3000 + 3000 + 1500 + 1125) / 1e6;

test('each kind of token has its own price per million', () => {
  const usage = stepUsage({ usage: USAGE, withdrawn: [] }, MODEL);
  expect(usage.cost).toBeCloseTo(COST, 12);
  expect(usage).toMatchObject({ promptTokens: 6000, completionTokens: 200, contextWindow: 200_000 });
});

test('attempts that were withdrawn cost as well, and are no part of the size', () => {
  const usage = stepUsage({ usage: USAGE, withdrawn: [USAGE, USAGE] }, MODEL);
  expect(usage.cost).toBeCloseTo(3 * COST, 12);
  expect(usage).toMatchObject({ promptTokens: 6000, completionTokens: 200 });
});

test('what the provider says that it took counts before the prices', () => {
  const usage = { ...USAGE, reportedCost: 0.5 };
  expect(stepUsage({ usage, withdrawn: [USAGE] }, MODEL).cost).toBeCloseTo(0.5 + COST, 12);
});
