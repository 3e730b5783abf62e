export interface SemaphoreOptions {
  /** How many tasks run at once. */
  size: number;
  /** How many of one key run at once; as many as there are places when absent. */
  sizePerKey?: number;
  /** How many may wait; the next one is refused. */
  maxWaiting: number;
  /** What a refused caller gets. */
  refusal(): Error;
}

export interface Semaphore {
  /** Runs the task when there is a place, in the order of the calls; a key that has its share lets others pass. */
  run<T>(task: () => Promise<T>, key?: string): Promise<T>;
}

export function createSemaphore(options: SemaphoreOptions): Semaphore {
  const { size, sizePerKey = size, maxWaiting, refusal } = options;
  const running = new Map<string, number>();
  const waiting: Array<{ key: string; start: () => void }> = [];
  let total = 0;

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
    const next = waiting.findIndex((waiter) => fits(waiter.key));
    const [waiter] = next === -1 ? [] : waiting.splice(next, 1);
    if (!waiter) return;
    enter(waiter.key);
    waiter.start();
  }

  return {
    async run(task, key = '') {
      if (fits(key)) enter(key);
      else if (waiting.length >= maxWaiting) throw refusal();
      else await new Promise<void>((start) => waiting.push({ key, start }));
      try {
        return await task();
      } finally {
        leave(key);
      }
    },
  };
}
