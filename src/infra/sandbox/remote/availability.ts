import type { Log } from '#shared/log.ts';
import type { HostHealth } from '../wire/host-wire.ts';
import { HostRefusal, hostUnavailable } from './failures.ts';

/** A host is watched for this long after it was last used. */
const IN_USE_MS = 60_000;
const CHECK_INTERVAL_MS = 5_000;
const MAX_MISSED_CHECKS = 3;
const FIRST_RETRY_MS = 250;
const MAX_RETRY_MS = 2_000;

export interface Availability {
  /** Marks the host as used. Throws `unavailable` at once while it is known not to answer. */
  use(): void;
  /** A connection could not be made, or was lost. */
  failed(cause: unknown): void;
  /** Asks the host now. Throws what `ask` throws. */
  check(): Promise<HostHealth>;
  close(): void;
}

export interface AvailabilityDeps {
  url: string;
  ask(): Promise<HostHealth>;
  log: Log;
}

/** Whether a host answers: checked while it is used, and when it is gone asked again and again until it is back. */
export function createAvailability({ url, ask, log }: AvailabilityDeps): Availability {
  let isDown = false;
  let retries = 0;
  let missed = 0;
  let usedAt = Number.NEGATIVE_INFINITY;
  let timer: NodeJS.Timeout | null = null;
  let closed = false;

  function schedule(): void {
    if (timer !== null) clearTimeout(timer);
    const delay = isDown ? Math.min(FIRST_RETRY_MS * 2 ** retries, MAX_RETRY_MS) : CHECK_INTERVAL_MS;
    timer = closed ? null : setTimeout(() => void tick(), delay);
  }

  async function tick(): Promise<void> {
    timer = null;
    if (performance.now() - usedAt > IN_USE_MS) {
      // Nobody asks any more: whoever comes next tries for itself.
      isDown = false;
      return;
    }
    retries += 1;
    await check().catch(() => {});
    if (timer === null) schedule();
  }

  async function check(): Promise<HostHealth> {
    try {
      const health = await ask();
      if (isDown) log.info({ host: url }, 'sandbox host is back');
      isDown = false;
      retries = 0;
      missed = 0;
      return health;
    } catch (error) {
      missed += 1;
      if (missed >= MAX_MISSED_CHECKS) goDown(error);
      throw error;
    }
  }

  function goDown(cause: unknown): void {
    if (isDown || closed) return;
    log.warn({ host: url, err: cause }, 'sandbox host does not answer');
    isDown = true;
    retries = 0;
    schedule();
  }

  return {
    use() {
      if (closed) throw hostUnavailable();
      usedAt = performance.now();
      if (isDown) throw hostUnavailable();
      if (timer === null) schedule();
    },
    failed(cause) {
      if (cause instanceof HostRefusal) log.error({ host: url, err: cause }, 'sandbox host cannot be used');
      else goDown(cause);
    },
    check,
    close() {
      closed = true;
      if (timer !== null) clearTimeout(timer);
      timer = null;
    },
  };
}
