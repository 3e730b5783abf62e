import type { Clock } from '#shared/clock.ts';

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

const MAX_ADDRESSES = 20_000;

/** One bucket per address, bounded: full buckets are forgotten first, then the oldest; a tenth at least. */
export function createConnectThrottle(perMinute: number, clock: Clock) {
  const buckets = new Map<string, TokenBucket>();

  function makeRoom(): void {
    for (const [address, bucket] of buckets) if (bucket.full()) buckets.delete(address);
    for (const address of buckets.keys()) {
      if (buckets.size <= MAX_ADDRESSES * 0.9) return;
      buckets.delete(address);
    }
  }

  return {
    size: () => buckets.size,
    take(address: string): boolean {
      let bucket = buckets.get(address);
      if (!bucket) {
        if (buckets.size >= MAX_ADDRESSES) makeRoom();
        bucket = createTokenBucket({ perSecond: perMinute / 60, burst: perMinute }, clock);
        buckets.set(address, bucket);
      }
      return bucket.take();
    },
  };
}
