import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';
import type { WorkResult, WorkTerms } from '#shared/work.ts';
import { createFairQueue } from './fair-queue.ts';
import { refused, type Task } from './task.ts';
import type { SpawnWorker } from './worker-link.ts';
import { createWorkerSlot, type WorkerSlot } from './worker-slot.ts';

export interface WorkPoolDeps {
  spawn: SpawnWorker;
  log: Log;
  /** Workers at most. */
  size: number;
  /** Tasks that may wait, in all and of one key. */
  maxWaiting: number;
  maxWaitingPerKey: number;
  /** A worker without work ends after this time. */
  idleMs: number;
}

export interface WorkPool {
  /** Runs the job of that name in a worker. Never throws. */
  run<T>(name: string, input: unknown, terms: WorkTerms): Promise<WorkResult<T>>;
  /** What waits or runs fails. Idempotent. */
  close(): Promise<void>;
}

/**
 * Pure work in threads that are started when there is some. Keys take turns; a task that overruns its budget is
 * ended with its thread.
 */
export function createWorkPool(deps: WorkPoolDeps): WorkPool {
  const { spawn, log, size, maxWaiting, maxWaitingPerKey, idleMs } = deps;
  const waiting = createFairQueue<Task>({ max: maxWaiting, maxPerKey: maxWaitingPerKey });
  const slots = new Set<WorkerSlot>();
  let closed = false;

  /** A slot that is free, or a new one while there may be more. */
  function freeSlot(): WorkerSlot | null {
    for (const slot of slots) if (slot.isFree()) return slot;
    if (slots.size >= size) return null;
    const slot = createWorkerSlot({
      spawn,
      idleMs,
      onFree: pump,
      onEnd(error) {
        slots.delete(slot);
        if (error !== undefined) log.warn({ reason: errorMessage(error) }, 'a worker ended');
        pump();
      },
    });
    slots.add(slot);
    return slot;
  }

  function pump(): void {
    while (!closed && waiting.size() > 0) {
      const slot = freeSlot();
      const task = slot && waiting.take();
      if (!slot || !task) return;
      if (task.terms.budget.leftMs <= 0) task.settle(refused('too_slow'));
      else slot.start(task);
    }
  }

  return {
    run<T>(name: string, input: unknown, terms: WorkTerms): Promise<WorkResult<T>> {
      return new Promise((resolve) => {
        const settle = (result: WorkResult<unknown>) => resolve(result as WorkResult<T>);
        const task = { name, input, terms, settle };
        if (closed || terms.budget.leftMs <= 0) settle(refused(closed ? 'failed' : 'too_slow'));
        else if (!waiting.add(terms.key, task)) settle(refused('busy'));
        else pump();
      });
    },
    async close() {
      closed = true;
      for (let task = waiting.take(); task; task = waiting.take()) task.settle(refused('failed'));
      await Promise.all([...slots].map((slot) => slot.close()));
    },
  };
}
