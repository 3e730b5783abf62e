import { expect, test } from 'vitest';
import { createKeyedBuckets, createTokenBucket } from './token-bucket.ts';

test('allows a burst, then the rate', () => {
  const clock = { time: 0, now: () => clock.time };
  const bucket = createTokenBucket({ perSecond: 2, burst: 3 }, clock);
  expect([1, 2, 3, 4].map(() => bucket.take())).toEqual([true, true, true, false]);
  clock.time = 500;
  expect([bucket.take(), bucket.take()]).toEqual([true, false]);
  clock.time = 0;
  expect(bucket.take()).toBe(false);
  clock.time = 60_000;
  expect(bucket.full()).toBe(true);
});

test('counts each key on its own and stays bounded', () => {
  const clock = { time: 0, now: () => clock.time };
  const buckets = createKeyedBuckets({ perSecond: 1 / 30, burst: 2 }, clock);
  expect(['a', 'a', 'a', 'b'].map((key) => buckets.take(key))).toEqual([true, true, false, true]);
  for (let n = 0; n < 50_000; n++) buckets.take(`10.${n}`);
  expect(buckets.size()).toBeLessThanOrEqual(20_000);
});
