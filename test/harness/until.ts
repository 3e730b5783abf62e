import { sleep } from '#shared/async/sleep.ts';

/**
 * Looks until `read` gives something, whatever the host's speed; a test's own limit is the only one that may
 * be hit before `timeoutMs`.
 */
export async function until<T>(
  read: () => Promise<T | null | undefined | false> | T | null | undefined | false,
  what: string,
  timeoutMs = 25_000,
): Promise<T> {
  const deadline = performance.now() + timeoutMs;
  for (;;) {
    const found = await read();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`timed out waiting for ${what}`);
    await sleep(10);
  }
}
