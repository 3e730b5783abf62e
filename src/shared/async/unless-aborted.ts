/** The promise's outcome, or null when the signal comes first; what then becomes of the promise is the caller's. */
export async function unlessAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T | null> {
  let onAbort = (): void => {};
  const aborted = new Promise<null>((resolve) => {
    onAbort = () => resolve(null);
    if (signal.aborted) onAbort();
    else signal.addEventListener('abort', onAbort, { once: true });
  });
  try {
    const first = await Promise.race([promise, aborted]);
    return signal.aborted ? null : first;
  } finally {
    signal.removeEventListener('abort', onAbort);
  }
}
