export interface Slots {
  /** Null when the queue is full; else the task's own result, run in the order of the calls. */
  run<T>(task: () => Promise<T>): Promise<T> | null;
}

/** At most `concurrency` tasks at once, at most `queueLimit` waiting. */
export function createSlots(options: { concurrency: number; queueLimit: number }): Slots {
  let running = 0;
  const waiting: Array<() => void> = [];

  const leave = () => {
    const next = waiting.shift();
    if (next) next();
    else running--;
  };

  return {
    run(task) {
      if (running < options.concurrency) {
        running++;
        return task().finally(leave);
      }
      if (waiting.length >= options.queueLimit) return null;
      return new Promise<void>((resolve) => waiting.push(resolve)).then(task).finally(leave);
    },
  };
}
