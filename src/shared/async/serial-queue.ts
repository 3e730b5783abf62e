/** Runs tasks one after another, in the order in which they were given; a failed task does not stop the next. */
export function createSerialQueue(): <T>(task: () => Promise<T>) => Promise<T> {
  let tail: Promise<unknown> = Promise.resolve();
  return (task) => {
    const run = tail.then(task);
    tail = run.catch(() => {});
    return run;
  };
}

/** A serial queue for each key; those of different keys run side by side, and an idle key takes no memory. */
export function createKeyedQueue(): <T>(key: string, task: () => Promise<T>) => Promise<T> {
  const queues = new Map<string, { inOrder: ReturnType<typeof createSerialQueue>; tasks: number }>();
  return async (key, task) => {
    const queue = queues.get(key) ?? { inOrder: createSerialQueue(), tasks: 0 };
    queues.set(key, queue);
    queue.tasks += 1;
    try {
      return await queue.inOrder(task);
    } finally {
      queue.tasks -= 1;
      if (queue.tasks === 0) queues.delete(key);
    }
  };
}
