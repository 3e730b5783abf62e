import { existsSync, realpathSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Worker, type WorkerOptions } from 'node:worker_threads';
import { createWorkPool } from '#infra/work/pool.ts';
import type { Log } from '#shared/log.ts';
import type { TextWork } from '#ws/agent/ports.ts';
import type { CloseStack } from '../close-stack.ts';
import { createTextWork } from './text-work.ts';

const BUILT = 'worker.cjs';
const POOL = { size: 2, maxWaiting: 64, maxWaitingPerKey: 8, idleMs: 30_000 };
/** Nothing of the server's environment; memory for two texts and what compares them. */
const OPTIONS: WorkerOptions = {
  env: {},
  execArgv: [],
  resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 },
};

/** Threads start with the first text that is not small, and end when there is nothing to do. */
export function openTextWork({ log, stack }: { log: Log; stack: CloseStack }): TextWork {
  const pool = createWorkPool({ ...POOL, spawn: spawnWorker, log });
  stack.push('workers', () => pool.close());
  return createTextWork(pool);
}

/** The built file beside the executable; from sources, these. */
export function spawnWorker(): Worker {
  const [, executable = ''] = process.argv;
  const built = existsSync(executable) ? join(dirname(realpathSync(executable)), BUILT) : '';
  if (existsSync(built)) return new Worker(built, OPTIONS);
  const sources = fileURLToPath(new URL('./worker.ts', import.meta.url));
  const load = `require('tsx/cjs/api').register(); require(${JSON.stringify(sources)});`;
  return new Worker(load, { ...OPTIONS, eval: true });
}
