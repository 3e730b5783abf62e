import { DomainError } from '#domain/errors.ts';
import type { Around } from '../repositories/index.ts';

export interface Gate {
  run: Around;
  /** Refuses newcomers and resolves when those inside and those waiting are done. */
  close(): Promise<void>;
}

/** One at a time, in order of arrival. Who waits longer than `timeoutMs` gets `unavailable` and never runs. */
export function createGate(timeoutMs: number): Gate {
  let tail: Promise<unknown> = Promise.resolve();
  let closed = false;

  function run<T>(call: () => Promise<T>): Promise<T> {
    if (closed) return Promise.reject(new DomainError('unavailable', 'The database is closed'));
    return new Promise<T>((resolve, reject) => {
      let waiting = true;
      const timer = setTimeout(() => {
        waiting = false;
        reject(new DomainError('unavailable', 'The database is busy'));
      }, timeoutMs);
      tail = tail.then(async () => {
        clearTimeout(timer);
        if (waiting) await call().then(resolve, reject);
      });
    });
  }

  return {
    run,
    async close() {
      closed = true;
      await tail;
    },
  };
}
