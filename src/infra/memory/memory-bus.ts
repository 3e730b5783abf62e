import type { Bus } from '#domain/events/index.ts';

/** Hints within one process. Delivered asynchronously, as over a network. */
export function createMemoryBus(): Bus {
  const listeners = new Map<string, Set<(message: never) => void>>();
  return {
    async publish(topic, message) {
      for (const listener of [...(listeners.get(topic) ?? [])]) {
        queueMicrotask(() => {
          if (listeners.get(topic)?.has(listener)) listener(message as never);
        });
      }
    },
    subscribe(topic, listener) {
      const set = listeners.get(topic) ?? new Set();
      const entry = (message: never) => listener(message);
      set.add(entry);
      listeners.set(topic, set);
      return () => set.delete(entry);
    },
    async close() {
      listeners.clear();
    },
  };
}
