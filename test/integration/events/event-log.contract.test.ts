import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { EventLog, LogSignal } from '#domain/events/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import { systemClock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createMemoryEventLog } from '../../../src/infra/memory/index.ts';
import { connectRedis, createRedisEventLog } from '../../../src/infra/redis/index.ts';
import { startRedisServer } from './redis-server.ts';

const MAX_LENGTH = 256;
const MAX_BYTES = 200_000;

interface Backend {
  log: EventLog;
  close(): Promise<void>;
}

const backends: Array<{ name: string; open: () => Promise<Backend> }> = [
  {
    name: 'memory',
    async open() {
      const log = createMemoryEventLog({ clock: systemClock, maxLength: MAX_LENGTH, maxChars: MAX_BYTES });
      return { log, close: () => log.close() };
    },
  },
  {
    name: 'redis',
    async open() {
      const server = await startRedisServer();
      const redis = await connectRedis({ url: server.url, log: silentLog });
      const log = createRedisEventLog({
        redis,
        streamMaxLen: MAX_LENGTH,
        streamMaxBytes: MAX_BYTES,
        streamTtl: 60,
      });
      return {
        log,
        async close() {
          await log.close();
          await redis.close();
          await server.stop();
        },
      };
    },
  },
];

describe.each(backends)('the $name event log', ({ open }) => {
  let backend: Backend;
  let log: EventLog;
  beforeAll(async () => {
    backend = await open();
    log = backend.log;
  });
  afterAll(() => backend.close());

  const body = (n: number) => JSON.stringify({ Type: 'x', n });
  async function append(sessionId: string, count: number, fence?: number) {
    const events = Array.from({ length: count }, (_, n) => ({ body: body(n) }));
    return log.append(sessionId, events, fence);
  }
  async function readAll(sessionId: string, after = 0, page = 50) {
    const { epoch } = await log.head(sessionId);
    const found: Array<{ seq: number; body: string }> = [];
    for (let seq = after; ; ) {
      const result = await log.read(sessionId, { epoch, seq }, page);
      if (!result.ok) throw new Error(result.reason);
      for (const event of result.events) found.push({ seq: event.cursor.seq, body: event.body });
      const last = result.events.at(-1);
      if (!last) return found;
      seq = last.cursor.seq;
    }
  }

  test('numbers events from one without gaps', async () => {
    const id = newId();
    expect((await log.head(id)).seq).toBe(0);
    expect((await append(id, 3)).seqs).toEqual([1, 2, 3]);
    expect((await append(id, 2)).seqs).toEqual([4, 5]);
    expect((await log.head(id)).seq).toBe(5);
    expect((await readAll(id, 0, 2)).map((event) => event.seq)).toEqual([1, 2, 3, 4, 5]);
    expect((await readAll(id, 3)).map((event) => event.seq)).toEqual([4, 5]);
  });

  test('an epoch is sixteen url-safe characters and differs between sessions', async () => {
    const [a, b] = [await log.head(newId()), await log.head(newId())];
    expect(a.epoch).toMatch(/^[A-Za-z0-9_-]{16}$/);
    expect(a.epoch).not.toBe(b.epoch);
  });

  test('returns bodies byte by byte, whatever they hold', async () => {
    const id = newId();
    const bodies = ['{"t":"|\\n\\u0000é🙂\\ud83d"}', `{"t":"${'x'.repeat(100_000)}"}`];
    await log.append(
      id,
      bodies.map((text) => ({ body: text })),
    );
    expect((await readAll(id)).map((event) => event.body)).toEqual(bodies);
  });

  test('drops an event id that it has seen', async () => {
    const id = newId();
    const first = await log.append(id, [{ id: 'a', body: body(1) }, { body: body(2) }]);
    const second = await log.append(id, [
      { id: 'b', body: body(3) },
      { id: 'a', body: body(1) },
    ]);
    expect(first.seqs).toEqual([1, 2]);
    expect(second.seqs).toEqual([3, null]);
    expect(await readAll(id)).toHaveLength(3);
  });

  test('refuses a fence below the highest seen', async () => {
    const id = newId();
    await append(id, 1, 5);
    await expect(append(id, 1, 4)).rejects.toMatchObject({ code: 'stale_fence' });
    await append(id, 1, 5);
    await append(id, 1);
    await append(id, 1, 6);
    await expect(append(id, 1, 5)).rejects.toMatchObject({ code: 'stale_fence' });
    expect((await log.head(id)).seq).toBe(4);
  });

  test('a take-over raises the fence and keeps the epoch after a clean hand-off', async () => {
    const id = newId();
    await append(id, 2, 1);
    const before = await log.head(id);
    expect(await log.takeOver(id, 2, false)).toEqual(before);
    await expect(append(id, 1, 1)).rejects.toMatchObject({ code: 'stale_fence' });
    await expect(log.takeOver(id, 1, true)).rejects.toMatchObject({ code: 'stale_fence' });
    expect(await log.head(id)).toEqual(before);
  });

  test('a reset begins a new epoch under a fence below the highest, which counts from then on', async () => {
    const id = newId();
    await append(id, 2, 9);
    const before = await log.head(id);
    const after = await log.reset(id, 4);
    expect(after.epoch).not.toBe(before.epoch);
    expect((await append(id, 1, 4)).seqs).toEqual([1]);
    await expect(append(id, 1, 3)).rejects.toMatchObject({ code: 'stale_fence' });
    expect(await log.takeOver(id, 5, false)).toMatchObject({ epoch: after.epoch, seq: 1 });
  });

  test('a take-over without a clean hand-off begins a new epoch and tells the subscribers', async () => {
    const id = newId();
    await append(id, 2, 1);
    const before = await log.head(id);
    const signals: LogSignal[] = [];
    const stop = await log.subscribe(id, (signal) => signals.push(signal));
    const after = await log.takeOver(id, 2, true);
    expect(after.epoch).not.toBe(before.epoch);
    expect(after.seq).toBe(0);
    expect(await log.read(id, before, 10)).toEqual({ ok: false, reason: 'other_epoch' });
    expect((await append(id, 1, 2)).seqs).toEqual([1]);
    await expect.poll(() => signals.map((signal) => signal.kind)).toEqual(['resync', 'event']);
    stop();
  });

  test('says what is wrong with an unusable cursor', async () => {
    const id = newId();
    await append(id, 3);
    const { epoch } = await log.head(id);
    expect(await log.read(id, { epoch, seq: 4 }, 10)).toEqual({ ok: false, reason: 'ahead' });
    expect(await log.read(id, { epoch: 'A'.repeat(16), seq: 1 }, 10)).toMatchObject({
      reason: 'other_epoch',
    });
    expect(await log.read(id, { epoch, seq: 3 }, 10)).toEqual({ ok: true, events: [] });
  });

  test('trims the oldest events and never reads over the gap', async () => {
    const id = newId();
    for (let round = 0; round < 20; round++) await append(id, 50);
    const { epoch, seq } = await log.head(id);
    expect(seq).toBe(1000);
    expect(await log.read(id, { epoch, seq: 1 }, 10)).toEqual({ ok: false, reason: 'trimmed' });
    expect((await readAll(id, 1000 - MAX_LENGTH)).length).toBe(MAX_LENGTH);
  });

  test('keeps no more bytes than it may, whatever the length of its events, and the last one always', async () => {
    const id = newId();
    const kept = async (from: number) => {
      const { epoch, seq } = await log.head(id);
      for (let after = from; after < seq; after += 1) {
        const found = await log.read(id, { epoch, seq: after }, 1000);
        if (found.ok) return found.events.map(({ body: text }) => text.length);
      }
      return [];
    };
    for (const size of [10, 50_000, 60_000, 70_000, 80_000, 20_000]) {
      await log.append(id, [{ body: 'x'.repeat(size) }]);
    }
    expect(await kept(0)).toEqual([70_000, 80_000, 20_000]);
    await log.append(id, [{ body: 'x'.repeat(10) }, { body: 'x'.repeat(3 * MAX_BYTES) }]);
    expect(await kept(5)).toEqual([3 * MAX_BYTES]);
    for (let count = 0; count < 50; count += 1) await log.append(id, [{ body: 'x'.repeat(1000) }]);
    expect(await kept(7)).toEqual(Array.from({ length: 50 }, () => 1000));
  });

  test('subscribers hear every event in order until they stop', async () => {
    const id = newId();
    const heard: number[] = [];
    const other: number[] = [];
    const collect = (into: number[]) => (signal: LogSignal) => {
      if (signal.kind === 'event') into.push(signal.event.cursor.seq);
    };
    const stop = await log.subscribe(id, collect(heard));
    const stopOther = await log.subscribe(id, collect(other));
    await append(id, 3);
    await append(id, 2);
    await expect.poll(() => heard).toEqual([1, 2, 3, 4, 5]);
    await expect.poll(() => other).toEqual([1, 2, 3, 4, 5]);
    stop();
    await append(id, 1);
    await expect.poll(() => other).toHaveLength(6);
    await sleep(20);
    expect(heard).toHaveLength(5);
    stopOther();
  });

  test('the heads of many sessions come in one call', async () => {
    const ids = Array.from({ length: 30 }, () => newId());
    await Promise.all(ids.map((id, index) => (index % 3 === 0 ? append(id, index + 1) : undefined)));
    const heads = await log.heads(ids);
    expect(ids.map((id) => heads.get(id)?.seq)).toEqual(
      ids.map((_, index) => (index % 3 === 0 ? index + 1 : 0)),
    );
    expect(heads.get(ids[1] ?? '')).toEqual(await log.head(ids[1] ?? ''));
  });

  test('repeats the answer of a batch that it has already appended', async () => {
    const id = newId();
    const events = [{ body: body(1) }, { body: body(2) }];
    const first = await log.append(id, events, 1, 'w.1');
    expect(await log.append(id, events, 1, 'w.1')).toEqual(first);
    await log.append(id, [{ body: body(3) }]);
    expect(await log.append(id, events, 1, 'w.1')).toEqual(first);
    expect((await log.append(id, events, 1, 'w.2')).seqs).toEqual([4, 5]);
    expect(await readAll(id)).toHaveLength(5);
  });

  test('a removed session begins anew', async () => {
    const id = newId();
    await append(id, 3);
    const before = await log.head(id);
    await log.remove(id);
    const after = await log.head(id);
    expect(after.seq).toBe(0);
    expect(after.epoch).not.toBe(before.epoch);
  });

  test('a removed session tells its readers and takes nothing from late writers', async () => {
    const id = newId();
    const { epoch } = await append(id, 3, 5);
    const signals: LogSignal[] = [];
    const stop = await log.subscribe(id, (signal) => signals.push(signal));
    await log.remove(id);
    await expect.poll(() => signals).toEqual([{ kind: 'resync' }]);
    expect((await append(id, 2, 5)).seqs).toEqual([null, null]);
    expect((await append(id, 1)).seqs).toEqual([null]);
    await log.takeOver(id, 9, true);
    const head = await log.head(id);
    expect([head.seq, head.epoch === epoch]).toEqual([0, false]);
    expect(await log.read(id, { epoch, seq: 0 }, 10)).toEqual({ ok: false, reason: 'other_epoch' });
    expect(await log.read(id, head, 10)).toEqual({ ok: true, events: [] });
    await log.remove(id);
    stop();
  });

  test('any sequence of operations gives what a list would', async () => {
    const operation = fc.oneof(
      fc.record({
        kind: fc.constant('append' as const),
        ids: fc.array(fc.option(fc.integer({ min: 0, max: 15 }), { nil: undefined }), {
          minLength: 1,
          maxLength: 5,
        }),
        fence: fc.option(fc.integer({ min: 1, max: 4 }), { nil: undefined }),
      }),
      fc.record({
        kind: fc.constant('takeOver' as const),
        fence: fc.integer({ min: 1, max: 4 }),
        fresh: fc.boolean(),
      }),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { maxLength: 15 }), async (operations) => {
        const id = newId();
        let fence = 0;
        let expected: string[] = [];
        const seen = new Set<number>();
        let count = 0;
        for (const step of operations) {
          const stale = step.fence !== undefined && step.fence < fence;
          if (step.fence !== undefined && !stale) fence = step.fence;
          if (step.kind === 'takeOver') {
            const result = log.takeOver(id, step.fence, step.fresh);
            if (stale) await expect(result).rejects.toMatchObject({ code: 'stale_fence' });
            else await result;
            if (!stale && step.fresh) expected = [];
            continue;
          }
          const events = step.ids.map((key) => ({ id: key?.toString(), body: String(count++) }));
          const result = log.append(id, events, step.fence);
          if (stale) {
            await expect(result).rejects.toMatchObject({ code: 'stale_fence' });
            continue;
          }
          await result;
          step.ids.forEach((key, index) => {
            if (key !== undefined && seen.has(key)) return;
            if (key !== undefined) seen.add(key);
            expected.push(events[index]?.body ?? '');
          });
        }
        const found = await readAll(id, 0, 7);
        expect(found.map((event) => event.body)).toEqual(expected);
        expect(found.map((event) => event.seq)).toEqual(expected.map((_, index) => index + 1));
      }),
      { numRuns: 60 },
    );
  });
});
