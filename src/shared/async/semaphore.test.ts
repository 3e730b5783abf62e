import { describe, expect, it } from 'vitest';
import { type Deferred, deferred } from './deferred.ts';
import { createSemaphore } from './semaphore.ts';

const settle = () => new Promise((resolve) => setImmediate(resolve));

function createTasks(semaphore: ReturnType<typeof createSemaphore>) {
  const started: string[] = [];
  const ends = new Map<string, Deferred<string>>();
  return {
    started,
    run(name: string, key?: string, signal?: AbortSignal) {
      const end = deferred<string>();
      ends.set(name, end);
      return semaphore.run(
        () => {
          started.push(name);
          return end.promise;
        },
        key,
        signal,
      );
    },
    async end(name: string) {
      ends.get(name)?.resolve(name);
      await settle();
    },
    async fail(name: string) {
      ends.get(name)?.reject(new Error(name));
      await settle();
    },
  };
}

const refusal = () => new Error('full');

describe('a semaphore', () => {
  it('runs so many at once and the others in the order of their calls', async () => {
    const tasks = createTasks(createSemaphore({ size: 2, maxWaiting: 10, refusal }));
    const results = ['a', 'b', 'c', 'd'].map((name) => tasks.run(name));
    await settle();
    expect(tasks.started).toEqual(['a', 'b']);
    await tasks.end('b');
    expect(tasks.started).toEqual(['a', 'b', 'c']);
    for (const name of ['a', 'c', 'd']) await tasks.end(name);
    expect(await Promise.all(results)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('refuses who would wait beyond the queue, and has room again later', async () => {
    const tasks = createTasks(createSemaphore({ size: 1, maxWaiting: 1, refusal }));
    const first = tasks.run('first');
    const second = tasks.run('second');
    await expect(tasks.run('third')).rejects.toThrow('full');
    await tasks.end('first');
    const fourth = tasks.run('fourth');
    await tasks.end('second');
    await tasks.end('fourth');
    expect(await Promise.all([first, second, fourth])).toEqual(['first', 'second', 'fourth']);
    expect(tasks.started).not.toContain('third');
  });

  it('gives the place of a task that failed or threw to the next', async () => {
    const semaphore = createSemaphore({ size: 1, maxWaiting: 5, refusal });
    const tasks = createTasks(semaphore);
    const failing = expect(tasks.run('failing')).rejects.toThrow('failing');
    const throwing = expect(
      semaphore.run(() => {
        throw new Error('at once');
      }),
    ).rejects.toThrow('at once');
    const last = tasks.run('last');
    await tasks.fail('failing');
    await Promise.all([failing, throwing]);
    await tasks.end('last');
    expect(await last).toBe('last');
  });

  it('gives each key its share at most and lets others pass who have room', async () => {
    const tasks = createTasks(createSemaphore({ size: 3, sizePerKey: 2, maxWaiting: 10, refusal }));
    const results = [
      tasks.run('a1', 'a'),
      tasks.run('a2', 'a'),
      tasks.run('a3', 'a'),
      tasks.run('b1', 'b'),
      tasks.run('b2', 'b'),
    ];
    await settle();
    expect(tasks.started).toEqual(['a1', 'a2', 'b1']);
    await tasks.end('b1');
    expect(tasks.started).toEqual(['a1', 'a2', 'b1', 'b2']);
    await tasks.end('a1');
    expect(tasks.started.at(-1)).toBe('a3');
    for (const name of ['a2', 'a3', 'b2']) await tasks.end(name);
    await Promise.all(results);
  });

  it('refuses a key that has its share when nobody may wait', async () => {
    const tasks = createTasks(createSemaphore({ size: 3, sizePerKey: 1, maxWaiting: 0, refusal }));
    const first = tasks.run('a1', 'a');
    await expect(tasks.run('a2', 'a')).rejects.toThrow('full');
    const other = tasks.run('b1', 'b');
    await tasks.end('a1');
    const again = tasks.run('a3', 'a');
    await tasks.end('a3');
    await tasks.end('b1');
    expect(await Promise.all([first, other, again])).toEqual(['a1', 'b1', 'a3']);
  });
});

describe('keys that wait', () => {
  it('take turns, however many calls one of them has made before', async () => {
    const tasks = createTasks(createSemaphore({ size: 1, maxWaiting: 20, refusal }));
    const names = ['a1', 'a2', 'a3', 'a4', 'b1', 'b2', 'c1'];
    const results = names.map((name) => tasks.run(name, name[0]));
    await settle();
    const order = ['a1', 'a2', 'b1', 'c1', 'a3', 'b2', 'a4'];
    for (const name of order) await tasks.end(name);
    await Promise.all(results);
    expect(tasks.started).toEqual(order);
  });

  it('leave room for others in the queue', async () => {
    const which: string[] = [];
    const semaphore = createSemaphore({
      size: 1,
      maxWaiting: 3,
      maxWaitingPerKey: 2,
      refusal: (of) => {
        which.push(of);
        return new Error('full');
      },
    });
    const tasks = createTasks(semaphore);
    const accepted = [tasks.run('a1', 'a'), tasks.run('a2', 'a'), tasks.run('a3', 'a')];
    await expect(tasks.run('a4', 'a')).rejects.toThrow('full');
    accepted.push(tasks.run('b1', 'b'));
    await expect(tasks.run('c1', 'c')).rejects.toThrow('full');
    expect(which).toEqual(['key', 'all']);
    for (const name of ['a1', 'a2', 'b1', 'a3']) await tasks.end(name);
    await Promise.all(accepted);
  });

  it('are refused when they have waited long enough, and their place goes to the next', async () => {
    const tasks = createTasks(createSemaphore({ size: 1, maxWaiting: 5, maxWaitMs: 5, refusal }));
    const first = tasks.run('first', 'a');
    await expect(tasks.run('late', 'b')).rejects.toThrow('full');
    const next = tasks.run('next', 'c');
    await tasks.end('first');
    await tasks.end('next');
    expect(await Promise.all([first, next])).toEqual(['first', 'next']);
    expect(tasks.started).toEqual(['first', 'next']);
  });

  it('stop waiting with their signal', async () => {
    const tasks = createTasks(createSemaphore({ size: 1, maxWaiting: 1, refusal }));
    const first = tasks.run('first');
    const gone = new AbortController();
    const waits = expect(tasks.run('gone', '', gone.signal)).rejects.toThrow('left');
    gone.abort(new Error('left'));
    await waits;
    const next = tasks.run('next');
    await tasks.end('first');
    await tasks.end('next');
    expect(await Promise.all([first, next])).toEqual(['first', 'next']);
  });
});
