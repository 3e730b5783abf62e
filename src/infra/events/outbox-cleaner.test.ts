import { expect, onTestFinished, test, vi } from 'vitest';
import { silentLog } from '#shared/log.ts';
import { createOutboxCleaner } from './outbox-cleaner.ts';

test('the rows of steps that follow one another are removed together', async () => {
  vi.useFakeTimers();
  onTestFinished(() => void vi.useRealTimers());
  const removals: string[][] = [];
  const outbox = { remove: async (ids: readonly string[]) => void removals.push([...ids]) };
  const cleaner = createOutboxCleaner({ outbox, logger: silentLog });
  cleaner.add(['a', 'b']);
  await vi.advanceTimersByTimeAsync(200);
  cleaner.add(['c']);
  expect(removals).toEqual([]);
  await vi.advanceTimersByTimeAsync(400);
  expect(removals).toEqual([['a', 'b', 'c']]);
});

test('closing removes what was confirmed so far', async () => {
  const removals: string[][] = [];
  const outbox = { remove: async (ids: readonly string[]) => void removals.push([...ids]) };
  const cleaner = createOutboxCleaner({ outbox, logger: silentLog });
  cleaner.add(['a']);
  await cleaner.close();
  expect(removals).toEqual([['a']]);
});
