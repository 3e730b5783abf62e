import { DomainError, isDomainError } from '#domain/errors.ts';
import type { Cursor, EventLog } from '#domain/events/event-log.ts';
import type { OutboxEvent, OutboxRepository } from '#domain/events/outbox.ts';
import type { EventPublisher } from '#domain/events/publisher.ts';
import { within } from '#shared/async/within.ts';
import type { Clock } from '#shared/clock.ts';
import { randomToken } from '#shared/ids.ts';
import type { Log } from '#shared/log.ts';
import { createOutboxCleaner } from './outbox-cleaner.ts';
import { createPublishQueue, type PublishBatch, type PublishQueue } from './publish-queue.ts';

const MAX_HELD_EVENTS = 1000;
const MAX_HELD_CHARS = 1024 * 1024;
const FIRST_RETRY_MS = 20;
/** Shorter than the relay's patience: what is held here keeps its place before what the relay sends. */
const MAX_RETRY_MS = 500;
const IDLE_MS = 300_000;
const SWEEP_INTERVAL_MS = 60_000;
const CLOSE_TIMEOUT_MS = 2_000;

export interface EventPublisherDeps {
  log: EventLog;
  outbox: Pick<OutboxRepository, 'remove'>;
  clock: Clock;
  logger: Log;
}

interface Channel {
  sessionId: string;
  queue: PublishQueue;
  inFlight: PublishBatch | null;
  confirmed: Cursor | null;
  /** Items settled so far, appended or dropped. */
  settled: number;
  waiters: Array<{
    upTo: number;
    resolve: (cursor: Cursor | null) => void;
    reject: (error: unknown) => void;
  }>;
  /** The newest fence that this process wrote with. */
  fence: number | null;
  /** The highest fence that the log refused. */
  refused: number | null;
  failures: number;
  retry: NodeJS.Timeout | undefined;
  usedAt: number;
}

/** Appends at once when nothing of the session is in flight; what comes meanwhile goes with the next append. */
export function createEventPublisher(deps: EventPublisherDeps): EventPublisher {
  const { log, clock, logger } = deps;
  const channels = new Map<string, Channel>();
  const cleaner = createOutboxCleaner(deps);
  /** Makes an append repeatable after a lost answer. */
  const writer = randomToken(64);
  let batchNumber = 0;
  let closed = false;

  const sweeper = setInterval(() => {
    for (const [id, channel] of channels) {
      const idle = !channel.inFlight && channel.queue.length() === 0 && channel.waiters.length === 0;
      if (idle && clock.now() - channel.usedAt > IDLE_MS) channels.delete(id);
    }
  }, SWEEP_INTERVAL_MS);
  sweeper.unref();

  function open(sessionId: string): Channel {
    const known = channels.get(sessionId);
    if (known) {
      known.usedAt = clock.now();
      return known;
    }
    const channel: Channel = {
      sessionId,
      queue: createPublishQueue(),
      inFlight: null,
      confirmed: null,
      settled: 0,
      waiters: [],
      fence: null,
      refused: null,
      failures: 0,
      retry: undefined,
      usedAt: clock.now(),
    };
    channels.set(sessionId, channel);
    return channel;
  }

  /** False when the log has already refused this fence. */
  function admit(channel: Channel, fence: number | undefined): boolean {
    if (fence === undefined) return true;
    channel.fence = Math.max(channel.fence ?? 0, fence);
    return channel.refused === null || fence > channel.refused;
  }

  function drive(channel: Channel): void {
    if (channel.inFlight) return;
    const batch = channel.queue.take();
    if (!batch) return;
    channel.inFlight = batch;
    batchNumber += 1;
    attempt(channel, batch, batch.fence === undefined ? undefined : `${writer}.${batchNumber}`);
  }

  function attempt(channel: Channel, batch: PublishBatch, id: string | undefined): void {
    log.append(channel.sessionId, batch.events, batch.fence, id).then(
      ({ epoch, seqs }) => {
        const last = seqs.findLast((seq) => seq !== null);
        if (typeof last === 'number') channel.confirmed = { epoch, seq: last };
        cleaner.add(idsOf(batch));
        done(channel);
      },
      (error: unknown) => {
        if (isDomainError(error, 'stale_fence') && batch.fence !== undefined) refuse(channel, batch.fence);
        else retryLater(channel, batch, id, error);
      },
    );
  }

  function retryLater(channel: Channel, batch: PublishBatch, id: string | undefined, error: unknown): void {
    channel.failures += 1;
    const fields = { session_id: channel.sessionId, attempt: channel.failures, err: error };
    if (!isDomainError(error, 'unavailable')) logger.error(fields, 'append failed');
    else if (channel.failures === 1) logger.warn(fields, 'event log unavailable, events are held');
    if (closed) return;
    const delay = Math.min(FIRST_RETRY_MS * 2 ** Math.min(channel.failures - 1, 8), MAX_RETRY_MS);
    channel.retry = setTimeout(() => attempt(channel, batch, id), delay * (0.75 + Math.random() / 4));
    channel.retry.unref();
  }

  /** Another owner has taken over: deltas of the lost fence are void, its facts are left to the relay. */
  function refuse(channel: Channel, fence: number): void {
    channel.refused = Math.max(channel.refused ?? 0, fence);
    channel.queue.drop(fence);
    done(channel);
  }

  function done(channel: Channel): void {
    channel.inFlight = null;
    channel.failures = 0;
    channel.usedAt = clock.now();
    channel.settled = channel.queue.given() - channel.queue.length();
    const ready = channel.waiters.filter((waiter) => waiter.upTo <= channel.settled);
    channel.waiters = channel.waiters.filter((waiter) => waiter.upTo > channel.settled);
    for (const waiter of ready) {
      if (isRefused(channel)) waiter.reject(staleFence());
      else waiter.resolve(channel.confirmed);
    }
    drive(channel);
  }

  async function flush(sessionId: string): Promise<Cursor | null> {
    const channel = channels.get(sessionId);
    if (!channel) return null;
    channel.queue.settleHalf(clock.now());
    drive(channel);
    if (isRefused(channel)) throw staleFence();
    const upTo = channel.queue.given();
    if (upTo <= channel.settled) return channel.confirmed;
    return new Promise((resolve, reject) => channel.waiters.push({ upTo, resolve, reject }));
  }

  return {
    publish(events: readonly OutboxEvent[], fence) {
      const touched = new Set<Channel>();
      for (const event of events) {
        const channel = open(event.sessionId);
        if (closed || !admit(channel, fence)) continue;
        channel.queue.event(event, fence, clock.now());
        touched.add(channel);
      }
      for (const channel of touched) drive(channel);
    },

    delta(delta, fence) {
      const channel = open(delta.session_id);
      if (closed || !admit(channel, fence)) return;
      channel.queue.delta(delta, fence, clock.now());
      drive(channel);
    },

    show({ sessionId, body }, fence) {
      const channel = open(sessionId);
      if (closed || !admit(channel, fence)) return;
      channel.queue.event({ body }, fence, clock.now());
      drive(channel);
    },

    flush,
    confirmed: (sessionId) => channels.get(sessionId)?.confirmed ?? null,

    congested(sessionId) {
      const channel = channels.get(sessionId);
      if (!channel) return false;
      const held = channel.queue.length() + (channel.inFlight?.items.length ?? 0);
      return held > MAX_HELD_EVENTS || channel.queue.chars() > MAX_HELD_CHARS;
    },

    async close(timeoutMs = CLOSE_TIMEOUT_MS) {
      if (closed) return;
      const drained = Promise.allSettled([...channels.keys()].map(flush));
      await within(drained, timeoutMs, () => {});
      closed = true;
      clearInterval(sweeper);
      for (const channel of channels.values()) {
        clearTimeout(channel.retry);
        const gone = new DomainError('unavailable', 'The publisher is closed');
        for (const waiter of channel.waiters.splice(0)) waiter.reject(gone);
      }
      channels.clear();
      await cleaner.close();
    },
  };
}

function isRefused(channel: Channel): boolean {
  return channel.refused !== null && channel.fence !== null && channel.fence <= channel.refused;
}

function staleFence(): DomainError {
  return new DomainError('stale_fence', 'The session has a newer owner');
}

function idsOf(batch: PublishBatch): string[] {
  return batch.items.flatMap((item) =>
    item.kind === 'event' && item.event.id !== undefined ? [item.event.id] : [],
  );
}
