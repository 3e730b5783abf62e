import { describe, expect, test } from 'vitest';
import type { Database, Repositories } from '#domain/context.ts';
import { DomainError } from '#domain/errors.ts';
import type { NewEvent } from '#domain/events/event-log.ts';
import type { OutboxEvent } from '#domain/events/outbox.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createOutboxRelay } from './outbox-relay.ts';

function setUp() {
  const rows: OutboxEvent[] = [];
  const appended: Array<{ sessionId: string; events: readonly NewEvent[] }> = [];
  const state: { down: boolean; now: number } = { down: false, now: 10_000 };
  const outbox: Repositories['outbox'] = {
    async add(event) {
      rows.push(event);
    },
    take: async (minAgeMs, limit) =>
      rows.filter((row) => state.now - row.createdAt > minAgeMs).slice(0, limit),
    async remove(ids) {
      for (const id of ids)
        rows.splice(
          rows.findIndex((row) => row.id === id),
          1,
        );
    },
  };
  const database: Pick<Database, 'transaction'> = {
    transaction: async (run) => ({ result: await run({ outbox } as Repositories), events: [] }),
  };
  const relay = createOutboxRelay({
    database,
    log: {
      async append(sessionId, events) {
        if (state.down) throw new DomainError('unavailable', 'down');
        appended.push({ sessionId, events });
        return { epoch: 'e', seqs: events.map((_, index) => index + 1) };
      },
      async ping() {
        if (state.down) throw new DomainError('unavailable', 'down');
      },
    },
    clock: { now: () => state.now },
    logger: silentLog,
    intervalMs: 5,
    settleMs: 1_000,
  });
  const add = (sessionId: string, createdAt: number) =>
    outbox.add({ id: newId(), sessionId, body: '{}', createdAt });
  return { rows, appended, state, relay, add };
}

describe('the outbox relay', () => {
  test('sends old rows by session, in order, and removes them', async () => {
    const { rows, appended, relay, add } = setUp();
    for (const [session, at] of [
      ['a', 1],
      ['b', 2],
      ['a', 3],
      ['a', 9_000],
    ] as const) {
      await add(session, at);
    }
    const ids = rows.map((row) => row.id);
    expect(await relay.run()).toBe(3);
    expect(appended.map(({ sessionId, events }) => [sessionId, events.map((event) => event.id)])).toEqual([
      ['a', [ids[0], ids[2]]],
      ['b', [ids[1]]],
    ]);
    expect(rows.map((row) => row.id)).toEqual([ids[3]]);
    await relay.close();
  });

  test('takes page after page', async () => {
    const { rows, relay, add } = setUp();
    for (let n = 0; n < 450; n++) await add('a', n);
    expect(await relay.run()).toBe(450);
    expect(rows).toEqual([]);
    await relay.close();
  });

  test('keeps the rows while the log is out of reach and waits a little after its return', async () => {
    const { rows, state, relay, add } = setUp();
    await add('a', 1);
    state.down = true;
    relay.start();
    await expect(relay.run()).rejects.toMatchObject({ code: 'unavailable' });
    await new Promise((resolve) => setTimeout(resolve, 30));
    state.down = false;
    await new Promise((resolve) => setTimeout(resolve, 30));
    expect(rows).toHaveLength(1);
    state.now += 2_000;
    await expect.poll(() => rows.length).toBe(0);
    await relay.close();
  });
});
