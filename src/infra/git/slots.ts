import { SourceControlError } from '#domain/workspace/index.ts';

export interface Slots {
  /** Runs now or throws `busy`. */
  run<T>(owner: string, task: () => Promise<T>): Promise<T>;
}

/** So much at once, in all and for each owner; nothing waits. */
export function createSlots(limits: { total: number; perOwner: number }): Slots {
  const taken = new Map<string, number>();
  let total = 0;

  function change(owner: string, by: 1 | -1): void {
    total += by;
    const count = (taken.get(owner) ?? 0) + by;
    if (count === 0) taken.delete(owner);
    else taken.set(owner, count);
  }

  return {
    async run(owner, task) {
      if (total >= limits.total || (taken.get(owner) ?? 0) >= limits.perOwner) {
        throw new SourceControlError('busy', 'Too many of these run at this moment, try again later');
      }
      change(owner, 1);
      try {
        return await task();
      } finally {
        change(owner, -1);
      }
    },
  };
}
