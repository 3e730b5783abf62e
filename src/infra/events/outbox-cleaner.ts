import type { OutboxRepository } from '#domain/events/outbox.ts';
import type { Log } from '#shared/log.ts';
import { errorMessage } from '#shared/text.ts';

/** Far less than the relay's patience, and long enough for the rows of several steps to be one statement. */
const REMOVE_DELAY_MS = 500;
const MAX_IDS_PER_REMOVE = 500;

export interface OutboxCleanerDeps {
  outbox: Pick<OutboxRepository, 'remove'>;
  logger: Log;
}

/** Removes confirmed rows in batches, off the path of events. What fails is left to the relay. */
export function createOutboxCleaner({ outbox, logger }: OutboxCleanerDeps) {
  let ids: string[] = [];
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<void> = Promise.resolve();

  function removeAll(): Promise<void> {
    clearTimeout(timer);
    timer = undefined;
    const all = ids;
    ids = [];
    running = running.then(async () => {
      try {
        for (let start = 0; start < all.length; start += MAX_IDS_PER_REMOVE) {
          await outbox.remove(all.slice(start, start + MAX_IDS_PER_REMOVE));
        }
      } catch (error) {
        logger.warn({ reason: errorMessage(error) }, 'outbox rows not removed');
      }
    });
    return running;
  }

  return {
    add(more: readonly string[]): void {
      if (more.length === 0) return;
      ids.push(...more);
      if (ids.length >= MAX_IDS_PER_REMOVE) void removeAll();
      else timer ??= setTimeout(() => void removeAll(), REMOVE_DELAY_MS).unref();
    },
    close: removeAll,
  };
}
