import type { Clock } from './clock.ts';

/** Allows `perSecond` on average and `burst` at once. */
export function createTokenBucket(limit: { perSecond: number; burst: number }, clock: Clock) {
  let tokens = limit.burst;
  let at = clock.now();
  return {
    take(): boolean {
      const now = clock.now();
      tokens = Math.min(limit.burst, tokens + (Math.max(0, now - at) / 1000) * limit.perSecond);
      at = now;
      if (tokens < 1) return false;
      tokens -= 1;
      return true;
    },
    full: () => tokens + ((clock.now() - at) / 1000) * limit.perSecond >= limit.burst,
  };
}
export type TokenBucket = ReturnType<typeof createTokenBucket>;

const MAX_KEYS = 20_000;

/** One bucket per key, bounded: full buckets are forgotten first, then the oldest; a tenth at least. */
export function createKeyedBuckets(limit: { perSecond: number; burst: number }, clock: Clock) {
  const buckets = new Map<string, TokenBucket>();

  function makeRoom(): void {
    for (const [key, bucket] of buckets) if (bucket.full()) buckets.delete(key);
    for (const key of buckets.keys()) {
      if (buckets.size <= MAX_KEYS * 0.9) return;
      buckets.delete(key);
    }
  }

  return {
    size: () => buckets.size,
    take(key: string): boolean {
      let bucket = buckets.get(key);
      if (!bucket) {
        if (buckets.size >= MAX_KEYS) makeRoom();
        bucket = createTokenBucket(limit, clock);
        buckets.set(key, bucket);
      }
      return bucket.take();
    },
  };
}
