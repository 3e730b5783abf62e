/** What Ctrl-C does: first it stops the running turn, then, or when nothing runs, the program. */
export interface Interrupts {
  /** Aborted when the program is to end at once. */
  readonly exit: AbortSignal;
  raise(): void;
  /** While `task` runs, the first interrupt calls `cancel` instead of ending the program. */
  during<T>(cancel: () => void, task: () => Promise<T>): Promise<T>;
}

export function createInterrupts(): Interrupts {
  const exit = new AbortController();
  let cancelRunning: (() => void) | null = null;
  return {
    exit: exit.signal,
    raise() {
      const cancel = cancelRunning;
      cancelRunning = null;
      if (cancel) cancel();
      else exit.abort();
    },
    async during(cancel, task) {
      cancelRunning = cancel;
      try {
        return await task();
      } finally {
        cancelRunning = null;
      }
    },
  };
}
