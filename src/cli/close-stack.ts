import type { Log } from '#shared/log.ts';

type Close = () => Promise<void> | void;

/** Owners of resources push their end here; `close` runs them in reverse, once, whatever one of them throws. */
export interface CloseStack {
  /** Throws `StoppedError` on a stack that takes nothing more, after it has begun to close what was given. */
  push(name: string, close: Close): void;
  /** Aborted by `refuse`: for waits of a start that is no longer wanted. */
  readonly signal: AbortSignal;
  /** From now on nothing is taken, so that whoever still opens things stops at the next one. */
  refuse(): void;
  close(): Promise<void>;
}

/** What was being started is no longer wanted. */
export class StoppedError extends Error {
  constructor() {
    super('stopped during the start');
    this.name = 'StoppedError';
  }
}

export function createCloseStack(log: Log): CloseStack {
  const entries: Array<{ name: string; close: Close }> = [];
  const refused = new AbortController();
  const late: Promise<void>[] = [];
  let closing: Promise<void> | null = null;
  const end = async (name: string, close: Close) => {
    try {
      await close();
    } catch (error) {
      log.error({ err: error, resource: name }, 'could not close cleanly');
    }
  };
  const run = async () => {
    for (let entry = entries.pop(); entry; entry = entries.pop()) await end(entry.name, entry.close);
    while (late.length > 0) await late.pop();
  };
  const refuse = () => refused.abort(new StoppedError());
  return {
    signal: refused.signal,
    refuse,
    push(name, close) {
      if (!refused.signal.aborted) {
        entries.push({ name, close });
        return;
      }
      late.push(end(name, close));
      throw refused.signal.reason;
    },
    close() {
      refuse();
      closing ??= run();
      return closing;
    },
  };
}
