import { getEventListeners } from 'node:events';
import { describe, expect, it } from 'vitest';
import { deferred } from './deferred.ts';
import { unlessAborted } from './unless-aborted.ts';

describe('a promise that a signal may overtake', () => {
  it('gives its outcome and lets go of the signal', async () => {
    const { signal } = new AbortController();
    expect(await unlessAborted(Promise.resolve(7), signal)).toBe(7);
    await expect(unlessAborted(Promise.reject(new Error('broken')), signal)).rejects.toThrow('broken');
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it('gives null when the signal comes first, and a late rejection goes unheard', async () => {
    const abort = new AbortController();
    const work = deferred<number>();
    const result = unlessAborted(work.promise, abort.signal);
    abort.abort();
    expect(await result).toBeNull();
    work.reject(new Error('late'));
    await new Promise((resolve) => setImmediate(resolve));
  });

  it('gives null when the signal was aborted before', async () => {
    expect(await unlessAborted(deferred().promise, AbortSignal.abort())).toBeNull();
    expect(await unlessAborted(Promise.resolve(7), AbortSignal.abort())).toBeNull();
  });
});
