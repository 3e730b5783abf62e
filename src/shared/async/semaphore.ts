export interface SemaphoreOptions {
  /** How many tasks run at once. */
  size: number;
  /** How many of one key run at once; as many as there are places when absent. */
  sizePerKey?: number;
  /** How many may wait; the next one is refused. */
  maxWaiting: number;
  /** How many of one key may wait; as many as all when absent. */
  maxWaitingPerKey?: number;
  /** Who has waited for so long is refused; without a limit when absent. */
  maxWaitMs?: number;
  /** What a refused caller gets. `of`: whether its own key has its share, or all together have theirs. */
  refusal(of: 'key' | 'all'): Error;
}

export interface Semaphore {
  /**
   * Runs the task when there is a place: in the order of the calls within a key, round robin between keys. A key
   * that has its share lets others pass. Throws the refusal, or the signal's reason while it waits.
   */
  run<T>(task: () => Promise<T>, key?: string, signal?: AbortSignal): Promise<T>;
}

/** Shares a bounded resource fairly: a key is whoever must not take it from the others, such as a user. */
export function createSemaphore(options: SemaphoreOptions): Semaphore {
  const { size, sizePerKey = size, maxWaiting, maxWaitingPerKey = maxWaiting, maxWaitMs, refusal } = options;
  const running = new Map<string, number>();
  /** Who waits, by key; the key whose turn is next comes first. */
  const queues = new Map<string, Array<() => void>>();
  let total = 0;
  let waiting = 0;

  const of = (key: string) => running.get(key) ?? 0;
  const fits = (key: string) => total < size && of(key) < sizePerKey;

  function enter(key: string): void {
    total += 1;
    running.set(key, of(key) + 1);
  }

  function leave(key: string): void {
    total -= 1;
    if (of(key) === 1) running.delete(key);
    else running.set(key, of(key) - 1);
    for (const [next, queue] of queues) {
      if (!fits(next)) continue;
      const start = queue[0];
      forget(next, start);
      if (queue.length > 0) {
        queues.delete(next);
        queues.set(next, queue);
      }
      enter(next);
      start?.();
      return;
    }
  }

  function forget(key: string, start: (() => void) | undefined): void {
    const queue = queues.get(key) ?? [];
    const at = start === undefined ? -1 : queue.indexOf(start);
    if (at === -1) return;
    queue.splice(at, 1);
    waiting -= 1;
    if (queue.length === 0) queues.delete(key);
  }

  function refuseTooMany(key: string): void {
    if ((queues.get(key)?.length ?? 0) >= maxWaitingPerKey) throw refusal('key');
    if (waiting >= maxWaiting) throw refusal(of(key) >= sizePerKey ? 'key' : 'all');
  }

  function wait(key: string, signal: AbortSignal | undefined): Promise<void> {
    signal?.throwIfAborted();
    return new Promise<void>((resolve, reject) => {
      const settle = (end: () => void) => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
        end();
      };
      const start = () => settle(resolve);
      const give = (reason: () => unknown) => {
        forget(key, start);
        settle(() => reject(reason()));
      };
      const abort = () => give(() => signal?.reason);
      const late = () => give(() => refusal(of(key) >= sizePerKey ? 'key' : 'all'));
      const timer = maxWaitMs === undefined ? undefined : setTimeout(late, maxWaitMs);
      signal?.addEventListener('abort', abort, { once: true });
      const queue = queues.get(key);
      if (queue) queue.push(start);
      else queues.set(key, [start]);
      waiting += 1;
    });
  }

  return {
    async run(task, key = '', signal) {
      if (fits(key)) enter(key);
      else {
        refuseTooMany(key);
        await wait(key, signal);
      }
      try {
        return await task();
      } finally {
        leave(key);
      }
    },
  };
}
