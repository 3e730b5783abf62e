import { expect, test } from 'vitest';
import { createFairQueue } from './fair-queue.ts';

test('keys take turns, whoever has put in more', () => {
  const queue = createFairQueue<string>({ max: 10, maxPerKey: 5 });
  for (const item of ['a1', 'a2', 'a3', 'b1', 'c1', 'c2']) queue.add(item.charAt(0), item);
  const taken = Array.from({ length: 7 }, () => queue.take());
  expect(taken).toEqual(['a1', 'b1', 'c1', 'a2', 'c2', 'a3', undefined]);
});

test('is full in all, and for a key', () => {
  const queue = createFairQueue<number>({ max: 3, maxPerKey: 2 });
  expect([queue.add('a', 1), queue.add('a', 2), queue.add('a', 3)]).toEqual([true, true, false]);
  expect([queue.add('b', 1), queue.add('b', 2)]).toEqual([true, false]);
  queue.take();
  expect(queue.size()).toBe(2);
  expect(queue.add('a', 3)).toBe(true);
});
