import { EXIT } from '#config/errors.ts';

/**
 * Aborted by the first SIGTERM or SIGINT, whose name is its reason; the next one ends the process at once. Called before
 * anything heavy is loaded, so that a signal is never the end of a half-made start.
 */
export function catchSignals(): AbortSignal {
  const stopping = new AbortController();
  const onSignal = (signal: NodeJS.Signals) => {
    if (stopping.signal.aborted) process.exit(EXIT.failure);
    stopping.abort(signal);
  };
  process.on('SIGTERM', onSignal);
  process.on('SIGINT', onSignal);
  return stopping.signal;
}
