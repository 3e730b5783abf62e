import { ModelFailure } from '../failure/failure.ts';

export interface StallGuard {
  /** Waits for `step`, rejecting when it takes longer than the limit. Only waiting time counts. */
  watch<T>(step: Promise<T>): Promise<T>;
  close(): void;
}

/** One timer per call, pushed back per chunk; a slow reader above never looks like a silent provider. */
export function createStallGuard(stallMs: number, onStall: (failure: ModelFailure) => void): StallGuard {
  let waiting = false;
  const timer = setTimeout(() => {
    if (waiting) onStall(stalled(stallMs));
  }, stallMs);
  return {
    async watch(step) {
      waiting = true;
      timer.refresh();
      try {
        return await step;
      } finally {
        waiting = false;
      }
    },
    close() {
      waiting = false;
      clearTimeout(timer);
    },
  };
}

function stalled(stallMs: number): ModelFailure {
  const seconds = Math.round(stallMs / 1000);
  return new ModelFailure('unavailable', `The provider sent nothing for ${seconds} seconds.`, {
    retryable: true,
  });
}
