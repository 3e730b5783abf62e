import { describe, expect, it } from 'vitest';
import { deferred } from '#shared/async/deferred.ts';
import { silentLog } from '#shared/log.ts';
import type { CloseStack } from './close-stack.ts';
import { runService } from './run-service.ts';

function running(start: (stack: CloseStack) => Promise<void>) {
  const stopping = new AbortController();
  const exits: number[] = [];
  const exit = (code: number) => void exits.push(code);
  const done = runService({ log: silentLog, stopping: stopping.signal, exit }, start);
  return { done, exits, stop: () => stopping.abort('SIGTERM') };
}

describe('runService', () => {
  it('closes in reverse when it is stopped', async () => {
    const closed: string[] = [];
    const service = running(async (stack) => {
      stack.push('a', () => void closed.push('a'));
      stack.push('b', () => void closed.push('b'));
    });
    service.stop();
    await service.done;
    expect(closed).toEqual(['b', 'a']);
    expect(service.exits).toEqual([]);
  });

  it('ends a slow start at its next resource, and closes that one too', async () => {
    const closed: string[] = [];
    const slow = deferred<void>();
    const reached: string[] = [];
    const service = running(async (stack) => {
      stack.push('database', () => void closed.push('database'));
      await slow.promise;
      reached.push('opened');
      stack.push('late', async () => {
        await Promise.resolve();
        closed.push('late');
      });
      reached.push('listening');
    });
    service.stop();
    slow.resolve();
    await service.done;
    expect(reached).toEqual(['opened']);
    expect(new Set(closed)).toEqual(new Set(['database', 'late']));
    expect(service.exits).toEqual([]);
  });

  it('closes nothing under the feet of a start that is still working', async () => {
    const order: string[] = [];
    const migration = deferred<void>();
    const service = running(async (stack) => {
      stack.push('database', () => void order.push('database closed'));
      await migration.promise;
      order.push('migrated');
    });
    service.stop();
    setImmediate(() => migration.resolve());
    await service.done;
    expect(order).toEqual(['migrated', 'database closed']);
  });

  it('is not failed by a start that fails because it was stopped', async () => {
    const service = running(async (stack) => {
      await new Promise((_, reject) => {
        stack.signal.addEventListener('abort', () => reject(new Error('self-test was killed')));
      });
    });
    service.stop();
    await expect(service.done).resolves.toBeUndefined();
  });

  it('closes what a failed start had opened, and throws its error', async () => {
    const closed: string[] = [];
    const service = running(async (stack) => {
      stack.push('a', () => void closed.push('a'));
      throw new Error('no sandbox');
    });
    await expect(service.done).rejects.toThrow('no sandbox');
    expect(closed).toEqual(['a']);
  });

  it('is over at once when it was stopped before it began', async () => {
    const stopping = AbortSignal.abort('SIGINT');
    const opened: string[] = [];
    await runService({ log: silentLog, stopping, exit: () => {} }, async (stack) => {
      stack.signal.throwIfAborted();
      opened.push('never');
    });
    expect(opened).toEqual([]);
  });
});
