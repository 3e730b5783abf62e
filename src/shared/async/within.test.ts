import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { deferred } from './deferred.ts';
import { within } from './within.ts';

describe('a time limit', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  it('gives the outcome that comes in time and leaves no timer', async () => {
    await expect(within(Promise.resolve(7), 100, () => 'late')).resolves.toBe(7);
    await expect(within(Promise.reject(new Error('broken')), 100, () => 'late')).rejects.toThrow('broken');
    expect(vi.getTimerCount()).toBe(0);
  });

  it('gives what stands in for an outcome that is late', async () => {
    const never = deferred<number>();
    const result = within(never.promise, 100, () => 'late');
    await vi.advanceTimersByTimeAsync(99);
    expect(vi.getTimerCount()).toBe(1);
    await vi.advanceTimersByTimeAsync(1);
    await expect(result).resolves.toBe('late');
  });

  it('throws what the caller wants thrown', async () => {
    const result = within(deferred().promise, 100, () => {
      throw new Error('no answer');
    });
    const failed = expect(result).rejects.toThrow('no answer');
    await vi.advanceTimersByTimeAsync(100);
    await failed;
  });

  it('lets a rejection that comes too late go unheard', async () => {
    const unhandled = vi.fn();
    process.on('unhandledRejection', unhandled);
    const work = deferred<void>();
    const result = within(work.promise, 100, () => 'late');
    await vi.advanceTimersByTimeAsync(100);
    expect(await result).toBe('late');
    work.reject(new Error('afterwards'));
    vi.useRealTimers();
    await new Promise((resolve) => setImmediate(resolve));
    process.off('unhandledRejection', unhandled);
    expect(unhandled).not.toHaveBeenCalled();
  });
});
