import { EXIT, type ExitCode, FatalError } from '#config/errors.ts';
import { deferred } from '#shared/async/deferred.ts';
import { sleep } from '#shared/async/sleep.ts';
import type { Log } from '#shared/log.ts';
import { type CloseStack, createCloseStack } from './close-stack.ts';
import { ownStackReader } from './readable-stack.ts';

/** A start that a signal has overtaken may come to its next resource in this time; then what is there is closed. */
const START_GRACE_MS = 8_000;
const DRAIN_LIMIT_MS = 28_000;

export interface ServiceDeps {
  log: Log;
  /** Aborted when the service is to end; the reason is the signal's name. */
  stopping: AbortSignal;
  exit(code: ExitCode): void;
}

/**
 * Runs a service until `stopping`, then drains: the process ends with 0 within 30 s, at whatever moment that was.
 * A start that fails closes what it had opened and throws.
 */
export async function runService(
  deps: ServiceDeps,
  start: (stack: CloseStack) => Promise<void>,
): Promise<void> {
  const { log, stopping } = deps;
  const stack = createCloseStack(log);
  const stopped = deferred<void>();
  const onStop = () => {
    log.info({ signal: stopping.reason }, 'stopping');
    stack.refuse();
    stopped.resolve();
  };
  if (stopping.aborted) onStop();
  else stopping.addEventListener('abort', onStop, { once: true });

  const starting = observe(start(stack), log, stopping);
  try {
    await Promise.race([starting.promise, stopped.promise]);
  } catch (error) {
    await stack.close();
    throw error;
  }
  await stopped.promise;
  await drain(deps, stack, starting);
}

interface Starting {
  /** Rejects only as long as the service is wanted. */
  promise: Promise<void>;
  isSettled(): boolean;
}

function observe(start: Promise<void>, log: Log, stopping: AbortSignal): Starting {
  let settled = false;
  const promise = start
    .catch((error: unknown) => {
      if (!stopping.aborted) throw error;
      log.debug({ err: error }, 'the start was given up');
    })
    .finally(() => {
      settled = true;
    });
  return { promise, isSettled: () => settled };
}

async function drain({ log, exit }: ServiceDeps, stack: CloseStack, starting: Starting): Promise<void> {
  const limit = setTimeout(() => {
    // A start that hangs has served nobody.
    if (!starting.isSettled()) exit(EXIT.ok);
    log.error({}, 'could not drain in time');
    exit(EXIT.failure);
  }, DRAIN_LIMIT_MS);
  const graceOver = new AbortController();
  await Promise.race([starting.promise, sleep(START_GRACE_MS, graceOver.signal).catch(() => {})]);
  graceOver.abort();
  await stack.close();
  clearTimeout(limit);
  if (!starting.isSettled()) exit(EXIT.ok);
}

/** Prints what stopped the command in one line and sets the exit code. */
export function reportFatal(error: unknown, stderr: NodeJS.WritableStream): void {
  if (error instanceof FatalError) {
    stderr.write(`crush: ${error.message}\n`);
    process.exitCode = error.exitCode;
    return;
  }
  const text = error instanceof Error ? ownStackReader()(error.stack ?? error.message) : String(error);
  stderr.write(`crush: unexpected error: ${text}\n`);
  process.exitCode = EXIT.failure;
}
