import { refused, type Task } from './task.ts';
import type { JobReply, JobRequest, SpawnWorker } from './worker-link.ts';

/** A job gives up by itself first, where it can. */
const GRACE_MS = 250;
const START_MS = 10_000;

export interface WorkerSlot {
  isFree(): boolean;
  start(task: Task): void;
  /** Ends the thread; its task fails. */
  close(): Promise<void>;
}

export interface WorkerSlotDeps {
  spawn: SpawnWorker;
  idleMs: number;
  onFree(): void;
  /** Once, when the thread is gone. */
  onEnd(error?: unknown): void;
}

/** One thread and the task that it has. */
export function createWorkerSlot({ spawn, idleMs, onFree, onEnd }: WorkerSlotDeps): WorkerSlot {
  let task: Task | null = null;
  let startedAt = 0;
  let isReady = false;
  let isEnding = false;
  let failure: unknown;
  let timer: NodeJS.Timeout | undefined;
  const worker = spawn();
  const gone = new Promise<void>((resolve) => worker.once('exit', () => resolve()));

  function wait(ms: number, then: () => void): void {
    clearTimeout(timer);
    timer = setTimeout(then, ms);
    timer.unref();
  }

  function settle(result: Parameters<Task['settle']>[0]): void {
    const settled = task;
    task = null;
    if (!settled) return;
    if (isReady) settled.terms.budget.leftMs -= performance.now() - startedAt;
    settled.settle(result);
  }

  function end(reason: Parameters<typeof refused>[0]): void {
    isEnding = true;
    clearTimeout(timer);
    settle(refused(reason));
    worker.terminate().catch(() => {});
  }

  /** Its time counts from when the thread could have it. */
  function send(current: Task): void {
    startedAt = performance.now();
    worker.postMessage({ name: current.name, input: current.input } satisfies JobRequest);
    wait(current.terms.budget.leftMs + GRACE_MS, () => end('too_slow'));
  }

  worker.on('message', (reply: JobReply) => {
    if (reply === 'ready') {
      isReady = true;
      if (task) send(task);
      return;
    }
    settle('error' in reply ? refused('failed') : { ok: true, value: reply.value });
    if (isEnding) return;
    wait(idleMs, () => end('failed'));
    onFree();
  });
  worker.on('error', (error) => {
    failure = error;
  });
  worker.once('exit', () => {
    isEnding = true;
    clearTimeout(timer);
    settle(refused('failed'));
    onEnd(failure);
  });
  // A thread does not keep the process.
  worker.unref();

  return {
    isFree: () => task === null && !isEnding,
    start(next) {
      task = next;
      if (isReady) send(next);
      else wait(START_MS, () => end('failed'));
    },
    async close() {
      if (!isEnding) end('failed');
      await gone;
    },
  };
}
