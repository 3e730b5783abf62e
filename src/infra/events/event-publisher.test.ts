import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DomainError } from '#domain/errors.ts';
import type { EventLog, NewEvent } from '#domain/events/event-log.ts';
import type { OutboxEvent } from '#domain/events/outbox.ts';
import type { Delta } from '#domain/events/publisher.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createEventPublisher } from './event-publisher.ts';

type Failure = 'none' | 'before' | 'after';

/** A log of one session that fails when told, before or after it has taken the events. */
function createFlakyLog(failures: Failure[] = []) {
  const events: NewEvent[] = [];
  const appends: number[] = [];
  const results = new Map<string, { epoch: string; seqs: Array<number | null> }>();
  const seen = new Set<string>();
  let fence = 0;
  let inFlight = 0;
  let maxInFlight = 0;
  const append: EventLog['append'] = async (_session, given, claimed, batch) => {
    inFlight += 1;
    maxInFlight = Math.max(maxInFlight, inFlight);
    await new Promise((resolve) => setImmediate(resolve));
    inFlight -= 1;
    const failure = failures.shift() ?? 'none';
    if (failure === 'before') throw new DomainError('unavailable', 'down');
    if (claimed !== undefined && claimed < fence) throw new DomainError('stale_fence', 'stale');
    fence = Math.max(fence, claimed ?? 0);
    let result = batch === undefined ? undefined : results.get(batch);
    if (!result) {
      const seqs = given.map((event) => {
        if (event.id !== undefined && seen.has(event.id)) return null;
        if (event.id !== undefined) seen.add(event.id);
        return events.push(event);
      });
      result = { epoch: 'e'.repeat(16), seqs };
      if (batch !== undefined) results.set(batch, result);
      appends.push(given.length);
    }
    if (failure === 'after') throw new DomainError('unavailable', 'answer lost');
    return result;
  };
  return {
    log: { append } as EventLog,
    events,
    appends,
    maxInFlight: () => maxInFlight,
    setFence: (value: number) => {
      fence = value;
    },
    frames: () => events.map((event) => JSON.parse(event.body)),
  };
}

function setUp(failures: Failure[] = []) {
  const flaky = createFlakyLog(failures);
  const removed: string[] = [];
  const publisher = createEventPublisher({
    log: flaky.log,
    outbox: {
      async remove(ids) {
        removed.push(...ids);
      },
    },
    clock: systemClock,
    logger: silentLog,
  });
  return { ...flaky, publisher, removed };
}

const sessionId = newId();
const text = (content: string, message = 'm1'): Delta => ({
  session_id: sessionId,
  message_id: message,
  delta_type: 'text',
  content,
});
const durable = (label: string): OutboxEvent => ({
  id: newId(),
  sessionId,
  body: JSON.stringify({ Type: 'label', label }),
  createdAt: 0,
});

describe('the event publisher', () => {
  test('sends the first delta at once and merges what comes meanwhile', async () => {
    const { publisher, frames, appends } = setUp();
    publisher.delta(text('a'), 1);
    for (const part of ['b', 'c', 'd']) publisher.delta(text(part), 1);
    const cursor = await publisher.flush(sessionId);
    expect(frames().map((frame) => frame.content)).toEqual(['a', 'bcd']);
    expect(appends).toEqual([1, 1]);
    expect(cursor).toEqual({ epoch: 'e'.repeat(16), seq: 2 });
    expect(publisher.confirmed(sessionId)).toEqual(cursor);
    await publisher.close();
  });

  test('does not merge over another part, message, fence or two kilobytes', async () => {
    const { publisher, frames } = setUp();
    publisher.delta(text('first'), 1);
    publisher.delta(text('a'), 1);
    publisher.delta({ ...text('r'), delta_type: 'reasoning' }, 1);
    publisher.delta(text('b', 'm2'), 1);
    publisher.delta(text('c', 'm2'), 2);
    publisher.delta(text('x'.repeat(2000), 'm2'), 2);
    publisher.delta(text('y'.repeat(100), 'm2'), 2);
    await publisher.flush(sessionId);
    expect(frames().map((frame) => frame.content.slice(0, 5))).toEqual([
      'first',
      'a',
      'r',
      'b',
      'cxxxx',
      'yyyyy',
    ]);
    await publisher.close();
  });

  test('keeps both halves of a character together', async () => {
    const { publisher, frames } = setUp();
    publisher.delta(text('a\ud83d'), 1);
    await publisher.confirmed(sessionId);
    publisher.delta(text('\ude42b'), 1);
    await publisher.flush(sessionId);
    expect(frames().map((frame) => frame.content)).toEqual(['a', '🙂b']);
    await publisher.close();
  });

  test('keeps facts and deltas in order and removes the rows of the facts', async () => {
    const { publisher, frames, removed } = setUp();
    const [one, two] = [durable('one'), durable('two')];
    publisher.publish([one], 1);
    publisher.delta(text('a'), 1);
    publisher.publish([two], 1);
    publisher.delta(text('b'), 1);
    await publisher.flush(sessionId);
    expect(frames().map((frame) => frame.label ?? frame.content)).toEqual(['one', 'a', 'two', 'b']);
    await expect.poll(() => removed).toEqual([one.id, two.id]);
    await publisher.close();
  });

  test('holds and says so while the log is out of reach, then sends all', async () => {
    const { publisher, frames } = setUp(['before', 'before', 'after', 'before']);
    for (let n = 0; n < 1200; n++) publisher.publish([durable(String(n))], 1);
    expect(publisher.congested(sessionId)).toBe(true);
    await publisher.flush(sessionId);
    expect(publisher.congested(sessionId)).toBe(false);
    expect(frames().map((frame) => frame.label)).toEqual(Array.from({ length: 1200 }, (_, n) => String(n)));
    await publisher.close();
  });

  test('drops what a lost fence wrote and tells the owner', async () => {
    const { publisher, frames, removed, setFence } = setUp();
    publisher.delta(text('old'), 1);
    await publisher.flush(sessionId);
    setFence(2);
    publisher.delta(text('late'), 1);
    publisher.publish([durable('late fact')], 1);
    publisher.publish([durable('guest')]);
    await expect(publisher.flush(sessionId)).rejects.toMatchObject({ code: 'stale_fence' });
    publisher.delta(text('later'), 1);
    await expect(publisher.flush(sessionId)).rejects.toMatchObject({ code: 'stale_fence' });
    expect(removed).toEqual([]);
    publisher.delta(text('new'), 3);
    await publisher.flush(sessionId);
    expect(frames().map((frame) => frame.label ?? frame.content)).toEqual(['old', 'guest', 'new']);
    await publisher.close();
  });

  test('closing gives up after its time and fails who waits', async () => {
    const { publisher } = setUp(Array.from({ length: 100 }, () => 'before'));
    publisher.delta(text('a'), 1);
    const flushed = publisher.flush(sessionId);
    flushed.catch(() => {});
    await publisher.close(30);
    await expect(flushed).rejects.toMatchObject({ code: 'unavailable' });
  });

  test('loses, repeats and reorders nothing, whatever fails', async () => {
    const alphabet = fc.constantFrom('a', 'bc', '🙂', '\ud83d', '\ude42', 'é\ud83d');
    const step = fc.oneof(
      fc.record({
        kind: fc.constant('delta' as const),
        content: alphabet,
        message: fc.constantFrom('m1', 'm2'),
      }),
      fc.record({ kind: fc.constant('event' as const), guest: fc.boolean() }),
      fc.record({ kind: fc.constant('pause' as const) }),
    );
    const failures = fc.array(fc.constantFrom<Failure>('none', 'before', 'after'), { maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 30 }), failures, async (steps, plan) => {
        const { publisher, frames, maxInFlight, events } = setUp([...plan]);
        const expected: string[] = [];
        const add = (entry: string, content = '') => {
          if (content !== '' && expected.at(-1)?.startsWith(entry)) expected[expected.length - 1] += content;
          else expected.push(entry + content);
        };
        for (const [index, next] of steps.entries()) {
          if (next.kind === 'pause') await new Promise((resolve) => setImmediate(resolve));
          else if (next.kind === 'event') {
            publisher.publish([durable(`#${index}`)], next.guest ? undefined : 1);
            add(`#${index}`);
          } else {
            publisher.delta(text(next.content, next.message), 1);
            add(`${next.message}:`, next.content);
          }
        }
        await publisher.flush(sessionId);
        await publisher.close();
        const found: string[] = [];
        for (const frame of frames()) {
          const entry = frame.label ?? `${frame.message_id}:`;
          const previous = found.at(-1);
          if (frame.content !== undefined && previous?.startsWith(entry)) {
            found[found.length - 1] += frame.content;
          } else found.push(entry + (frame.content ?? ''));
        }
        expect(found).toEqual(expected);
        expect(maxInFlight()).toBeLessThanOrEqual(1);
        expect(new Set(events.map((event) => event.id).filter(Boolean)).size).toBe(
          steps.filter((next) => next.kind === 'event').length,
        );
      }),
      { numRuns: 40 },
    );
  }, 30_000);
});
