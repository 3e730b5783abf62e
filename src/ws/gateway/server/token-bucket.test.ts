import { expect, test } from 'vitest';
import { createConnectThrottle, createTokenBucket } from './token-bucket.ts';

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

test('counts each address on its own and stays bounded', () => {
  const clock = { time: 0, now: () => clock.time };
  const throttle = createConnectThrottle(2, clock);
  expect(['a', 'a', 'a', 'b'].map((address) => throttle.take(address))).toEqual([true, true, false, true]);
  const start = performance.now();
  for (let n = 0; n < 50_000; n++) throttle.take(`10.${n}`);
  expect(performance.now() - start).toBeLessThan(2_000);
  expect(throttle.size()).toBeLessThanOrEqual(20_000);
});
