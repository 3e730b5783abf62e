import { describe, expect, it } from 'vitest';
import { deferred } from './deferred.ts';
import { createKeyedQueue, createSerialQueue } from './serial-queue.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

describe('a serial queue', () => {
  it('starts a task when the one before has ended, in the order of the calls', async () => {
    const inOrder = createSerialQueue();
    const gate = deferred<void>();
    const seen: string[] = [];
    const first = inOrder(async () => {
      await gate.promise;
      seen.push('first');
    });
    const second = inOrder(async () => void seen.push('second'));
    await settle();
    expect(seen).toEqual([]);
    gate.resolve();
    await Promise.all([first, second]);
    expect(seen).toEqual(['first', 'second']);
  });

  it('goes on after a task that failed', async () => {
    const inOrder = createSerialQueue();
    const failed = expect(inOrder(() => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await inOrder(async () => 'next')).toBe('next');
    await failed;
  });
});

describe('a keyed queue', () => {
  it('runs one key in order and other keys meanwhile', async () => {
    const queue = createKeyedQueue();
    const gate = deferred<void>();
    const seen: string[] = [];
    const note = (what: string) => async () => void seen.push(what);
    const a1 = queue('a', () => gate.promise.then(note('a1')));
    const a2 = queue('a', note('a2'));
    await queue('b', note('b1'));
    expect(seen).toEqual(['b1']);
    gate.resolve();
    await Promise.all([a1, a2]);
    expect(seen).toEqual(['b1', 'a1', 'a2']);
  });

  it('keeps the order for a task that comes while the last one is ending', async () => {
    const queue = createKeyedQueue();
    const seen: number[] = [];
    const later: Promise<void>[] = [];
    const first = queue('a', async () => void seen.push(1));
    void first.then(() => later.push(queue('a', async () => void seen.push(3))));
    const second = queue('a', async () => {
      await settle();
      seen.push(2);
    });
    await Promise.all([first, second]);
    await settle();
    await Promise.all(later);
    expect(seen).toEqual([1, 2, 3]);
  });

  it('goes on after a task that failed', async () => {
    const queue = createKeyedQueue();
    const failed = expect(queue('a', () => Promise.reject(new Error('broken')))).rejects.toThrow('broken');
    expect(await queue('a', async () => 'next')).toBe('next');
    await failed;
  });
});
