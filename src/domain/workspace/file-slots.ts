import { createSemaphore, type Semaphore } from '#shared/async/semaphore.ts';
import { DomainError } from '../errors.ts';

/** Readings of workspaces that one process answers at once, in all and for one owner; owners take turns. */
const FILE_SLOTS = { size: 32, sizePerKey: 4, maxWaiting: 512, maxWaitingPerKey: 32, maxWaitMs: 20_000 };
const RETRY_SECONDS = 2;

export function createFileSlots(): Semaphore {
  return createSemaphore({
    ...FILE_SLOTS,
    refusal: (of) =>
      new DomainError(
        'overloaded',
        of === 'key'
          ? 'You read too many files at once, try again'
          : 'Too many files are read at once, try again',
        { retryAfterSeconds: RETRY_SECONDS },
      ),
  });
}
