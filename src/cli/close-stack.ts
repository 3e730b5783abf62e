import type { Log } from '#shared/log.ts';

/** Owners of resources push their end here; `close` runs them in reverse, once, whatever one of them throws. */
export interface CloseStack {
  push(name: string, close: () => Promise<void> | void): void;
  close(): Promise<void>;
}

export function createCloseStack(log: Log): CloseStack {
  const entries: Array<{ name: string; close: () => Promise<void> | void }> = [];
  let closing: Promise<void> | null = null;
  const run = async () => {
    for (let entry = entries.pop(); entry; entry = entries.pop()) {
      try {
        await entry.close();
      } catch (error) {
        log.error({ err: error, resource: entry.name }, 'could not close cleanly');
      }
    }
  };
  return {
    push: (name, close) => entries.push({ name, close }),
    close() {
      closing ??= run();
      return closing;
    },
  };
}
