import { expect, test } from 'vitest';
import { deferred } from '#shared/async/deferred.ts';
import { createGate } from './gate.ts';

const PATIENCE_MS = 20;

test('one runs at a time, in order, and a failure stops nobody', async () => {
  const gate = createGate(1_000);
  const seen: string[] = [];
  const first = gate.run(async () => {
    seen.push('a in');
    await Promise.resolve();
    seen.push('a out');
    throw new Error('a');
  });
  const second = gate.run(async () => seen.push('b'));
  await expect(first).rejects.toThrow('a');
  await second;
  expect(seen).toEqual(['a in', 'a out', 'b']);
});

test('a call that waits for its own caller is refused, never runs, and blocks nobody after it', async () => {
  const gate = createGate(PATIENCE_MS);
  let ran = false;
  const outer = gate.run(() =>
    gate.run(async () => {
      ran = true;
    }),
  );
  await expect(outer).rejects.toMatchObject({ code: 'unavailable' });
  expect(await gate.run(async () => 'next')).toBe('next');
  expect(ran).toBe(false);
});

test('closing waits for those inside and refuses newcomers', async () => {
  const gate = createGate(1_000);
  const inside = deferred<void>();
  let done = false;
  const running = gate.run(async () => {
    await inside.promise;
    done = true;
  });
  const closing = gate.close();
  await expect(gate.run(async () => {})).rejects.toMatchObject({ code: 'unavailable' });
  inside.resolve();
  await closing;
  await running;
  expect(done).toBe(true);
});
