import type { Database } from '#domain/context.ts';
import type { EventLog } from '#domain/events/event-log.ts';
import type { OutboxEvent } from '#domain/events/outbox.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';

const INTERVAL_MS = 2_000;
const MIN_AGE_MS = 2_000;
const PAGE = 200;
/** After an outage the publishers send first what they held, so that facts do not overtake their deltas. */
const SETTLE_MS = 5_000;

export interface OutboxRelayDeps {
  database: Pick<Database, 'transaction'>;
  log: Pick<EventLog, 'append' | 'ping'>;
  clock: Clock;
  logger: Log;
  intervalMs?: number;
  minAgeMs?: number;
  settleMs?: number;
}

export interface OutboxRelay {
  start(): void;
  /** Sends what is due now; returns how many rows. Throws what the database or the log throws. */
  run(): Promise<number>;
  close(): Promise<void>;
}

/** Sends again committed events whose writer did not confirm them. The log drops those that it has. */
export function createOutboxRelay(deps: OutboxRelayDeps): OutboxRelay {
  const { database, log, clock, logger } = deps;
  const { intervalMs = INTERVAL_MS, minAgeMs = MIN_AGE_MS, settleMs = SETTLE_MS } = deps;
  let timer: NodeJS.Timeout | undefined;
  let running: Promise<unknown> = Promise.resolve();
  let closed = false;
  let failedAt = Number.NEGATIVE_INFINITY;

  async function sendPage(): Promise<number> {
    const { result } = await database.transaction(async (repositories) => {
      const rows = await repositories.outbox.take(minAgeMs, PAGE);
      if (rows.length === 0) return 0;
      await Promise.all(
        [...bySession(rows)].map(([sessionId, events]) =>
          log.append(
            sessionId,
            events.map(({ id, body }) => ({ id, body })),
          ),
        ),
      );
      await repositories.outbox.remove(rows.map((row) => row.id));
      return rows.length;
    });
    return result;
  }

  async function run(): Promise<number> {
    let sent = 0;
    for (let page = PAGE; page === PAGE && !closed; sent += page) page = await sendPage();
    if (sent > 0) logger.info({ count: sent }, 'outbox events sent again');
    return sent;
  }

  async function tick(): Promise<void> {
    try {
      await log.ping();
      if (clock.now() - failedAt >= settleMs) await run();
    } catch (error) {
      failedAt = clock.now();
      logger.warn({ err: error }, 'outbox relay');
    }
    if (!closed) schedule();
  }

  function schedule(): void {
    timer = setTimeout(
      () => {
        running = tick();
      },
      intervalMs * (0.9 + Math.random() / 5),
    ).unref();
  }

  return {
    start() {
      if (!timer && !closed) schedule();
    },
    run,
    async close() {
      closed = true;
      clearTimeout(timer);
      await running;
    },
  };
}

function bySession(rows: readonly OutboxEvent[]): Map<string, OutboxEvent[]> {
  const groups = new Map<string, OutboxEvent[]>();
  for (const row of rows) {
    const group = groups.get(row.sessionId);
    if (group) group.push(row);
    else groups.set(row.sessionId, [row]);
  }
  return groups;
}
