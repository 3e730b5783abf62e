export interface FairQueue<T> {
  /** False when the queue, or what the key may have in it, is full. */
  add(key: string, item: T): boolean;
  /** The oldest item of the key whose turn it is. */
  take(): T | undefined;
  size(): number;
}

/** Keys take turns, each with its items in their order. */
export function createFairQueue<T>({ max, maxPerKey }: { max: number; maxPerKey: number }): FairQueue<T> {
  /** The first key is the next. */
  const byKey = new Map<string, T[]>();
  let size = 0;
  return {
    add(key, item) {
      const items = byKey.get(key) ?? [];
      if (size >= max || items.length >= maxPerKey) return false;
      items.push(item);
      byKey.set(key, items);
      size += 1;
      return true;
    },
    take() {
      const [first] = byKey;
      if (!first) return undefined;
      const [key, items] = first;
      const item = items.shift();
      byKey.delete(key);
      if (items.length > 0) byKey.set(key, items);
      size -= 1;
      return item;
    },
    size: () => size,
  };
}
