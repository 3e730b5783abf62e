export type AbortKind = 'cancel' | 'lease_lost' | 'drain' | 'timeout';

/** Why a turn's signal was aborted. */
export class TurnAbort extends Error {
  readonly kind: AbortKind;
  constructor(kind: AbortKind) {
    super(`turn aborted: ${kind}`);
    this.name = 'TurnAbort';
    this.kind = kind;
  }
}

export function abortKind(signal: AbortSignal): AbortKind {
  return signal.reason instanceof TurnAbort ? signal.reason.kind : 'drain';
}

export const ABANDONED = Symbol('abandoned');

/** The promise's outcome, or `ABANDONED` when it has not settled `graceMs` after the signal aborted. */
export async function withGrace<T>(
  promise: Promise<T>,
  signal: AbortSignal,
  graceMs: number,
): Promise<T | typeof ABANDONED> {
  let timer: NodeJS.Timeout | undefined;
  let listener: (() => void) | undefined;
  const abandoned = new Promise<typeof ABANDONED>((resolve) => {
    listener = () => {
      timer = setTimeout(() => resolve(ABANDONED), graceMs);
    };
    if (signal.aborted) listener();
    else signal.addEventListener('abort', listener, { once: true });
  });
  try {
    return await Promise.race([promise, abandoned]);
  } finally {
    clearTimeout(timer);
    if (listener) signal.removeEventListener('abort', listener);
    promise.catch(() => {});
  }
}
