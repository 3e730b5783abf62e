import { EXIT, FatalError } from '#config/errors.ts';
import type { Log } from '#shared/log.ts';
import { type CloseStack, createCloseStack } from './close-stack.ts';

const DRAIN_LIMIT_MS = 28_000;

/**
 * Runs a service until SIGTERM or SIGINT, then drains: exit code 0 within 30 s. A second signal exits at once.
 * A start that fails closes what it had opened and throws.
 */
export async function runService(log: Log, start: (stack: CloseStack) => Promise<void>): Promise<void> {
  const stack = createCloseStack(log);
  const stopped = waitForSignal(log);
  process.on('unhandledRejection', (reason) => {
    log.error({ err: reason }, 'unhandled rejection');
    process.exit(EXIT.failure);
  });
  try {
    await Promise.race([start(stack), stopped.promise]);
  } catch (error) {
    await stack.close();
    throw error;
  }
  await stopped.promise;
  const limit = setTimeout(() => {
    log.error({}, 'could not drain in time');
    process.exit(EXIT.failure);
  }, DRAIN_LIMIT_MS);
  await stack.close();
  clearTimeout(limit);
}

function waitForSignal(log: Log): { promise: Promise<void> } {
  const promise = new Promise<void>((resolve) => {
    let signals = 0;
    const onSignal = (signal: NodeJS.Signals) => {
      signals += 1;
      if (signals > 1) process.exit(EXIT.failure);
      log.info({ signal }, 'stopping');
      resolve();
    };
    process.on('SIGTERM', onSignal);
    process.on('SIGINT', onSignal);
  });
  return { promise };
}

/** Prints what stopped the command in one line and sets the exit code. */
export function reportFatal(error: unknown, stderr: NodeJS.WritableStream): void {
  if (error instanceof FatalError) {
    stderr.write(`crush: ${error.message}\n`);
    process.exitCode = error.exitCode;
    return;
  }
  const text = error instanceof Error ? (error.stack ?? error.message) : String(error);
  stderr.write(`crush: unexpected error: ${text}\n`);
  process.exitCode = EXIT.failure;
}
