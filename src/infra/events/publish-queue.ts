import { isMergeable, MAX_MERGED_CHARS, samePart, splitSurrogate } from '#domain/events/delta-merge.ts';
import type { NewEvent } from '#domain/events/event-log.ts';
import type { OutboxEvent } from '#domain/events/outbox.ts';
import type { Delta } from '#domain/events/publisher.ts';
import type { StreamDelta } from '#domain/protocol/session-frames.ts';

const MAX_BATCH_EVENTS = 256;
const MAX_BATCH_CHARS = 256 * 1024;

/** Without an id: nothing durable. */
export type QueuedEvent = Pick<OutboxEvent, 'body'> & Partial<Pick<OutboxEvent, 'id'>>;

export type QueueItem =
  | { kind: 'event'; event: QueuedEvent; fence?: number; chars: number }
  | { kind: 'delta'; delta: Delta; timestamp: number; fence: number; chars: number };

export interface PublishBatch {
  items: QueueItem[];
  events: NewEvent[];
  fence: number | undefined;
}

/** What waits for the log of one session, in order; deltas of one part merge at its end. */
export function createPublishQueue() {
  let items: QueueItem[] = [];
  let chars = 0;
  /** Half a character that waits for its other half. */
  let half: { delta: Delta; fence: number } | null = null;
  let taken = 0;

  function push(item: QueueItem): void {
    items.push(item);
    chars += item.chars;
  }

  function settleHalf(now: number): void {
    if (!half) return;
    const { delta, fence } = half;
    half = null;
    push({ kind: 'delta', delta, timestamp: now, fence, chars: delta.content.length });
  }

  return {
    length: () => items.length,
    chars: () => chars,
    /** Number of items given so far; grows by one with each that could not be merged. */
    given: () => taken + items.length,
    settleHalf,

    event(event: QueuedEvent, fence: number | undefined, now: number): void {
      settleHalf(now);
      push({ kind: 'event', event, fence, chars: event.body.length });
    },

    delta(given: Delta, fence: number, now: number): void {
      let delta = given;
      if (half && half.fence === fence && samePart(half.delta, given)) {
        delta = { ...given, content: half.delta.content + given.content };
        half = null;
      } else settleHalf(now);
      if (isMergeable(delta)) {
        const { whole, rest } = splitSurrogate(delta.content);
        if (rest !== '') half = { delta: { ...delta, content: rest }, fence };
        if (whole === '') return;
        delta = rest === '' ? delta : { ...delta, content: whole };
      }
      const last = items.at(-1);
      if (
        last?.kind === 'delta' &&
        last.fence === fence &&
        samePart(last.delta, delta) &&
        last.delta.content.length + delta.content.length <= MAX_MERGED_CHARS
      ) {
        last.delta = { ...last.delta, content: last.delta.content + delta.content };
        last.chars += delta.content.length;
        chars += delta.content.length;
        return;
      }
      push({ kind: 'delta', delta, timestamp: now, fence, chars: delta.content.length });
    },

    /** The next append: items of one fence from the front. */
    take(): PublishBatch | null {
      const first = items[0];
      if (!first) return null;
      let count = 0;
      let size = 0;
      for (const item of items) {
        const fits = count < MAX_BATCH_EVENTS && (count === 0 || size + item.chars <= MAX_BATCH_CHARS);
        if (item.fence !== first.fence || !fits) break;
        count += 1;
        size += item.chars;
      }
      const batch = items.splice(0, count);
      chars -= size;
      taken += count;
      return { items: batch, events: batch.map(toNewEvent), fence: first.fence };
    },

    /** Drops all of this fence. */
    drop(fence: number): void {
      const before = items.length;
      items = items.filter((item) => item.fence === undefined || item.fence > fence);
      taken += before - items.length;
      chars = items.reduce((sum, item) => sum + item.chars, 0);
      if (half && half.fence <= fence) half = null;
    },
  };
}
export type PublishQueue = ReturnType<typeof createPublishQueue>;

function toNewEvent(item: QueueItem): NewEvent {
  if (item.kind === 'event') return { id: item.event.id, body: item.event.body };
  const frame: StreamDelta = { Type: 'stream_delta', ...item.delta, timestamp: item.timestamp };
  return { body: JSON.stringify(frame) };
}
