import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import type { EventLog, LogSignal } from '#domain/events/index.ts';
import { listMessages } from '#domain/message/index.ts';
import { systemClock } from '#shared/clock.ts';
import { silentLog } from '#shared/log.ts';
import { createMemoryEventLog } from '../../../src/infra/memory/index.ts';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { connectRedis, createRedisBus, createRedisEventLog } from '../../../src/infra/redis/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { type RedisServer, startRedisServer } from '../events/redis-server.ts';
import { openStream } from './stream.ts';
import { createWorld, labels, type World } from './world.ts';

describe('two gateways over one Redis', () => {
  let database: SqlDatabase;
  let server: RedisServer;
  const closers: Array<() => Promise<void>> = [];
  let one: World;
  let two: World;
  /** While true, gateway two hears nothing that is published. */
  let deaf = false;

  async function openWorld(wrap: (log: EventLog) => EventLog = (log) => log): Promise<World> {
    const redis = await connectRedis({ url: server.url, log: silentLog });
    const log = createRedisEventLog({
      redis,
      streamMaxLen: 4096,
      streamMaxBytes: 8_000_000,
      streamTtl: 3600,
    });
    const bus = createRedisBus({ redis, log: silentLog });
    const world = await createWorld({
      database,
      log: wrap(log),
      bus,
      limits: { headCheckMs: 200, tickMs: 50 },
    });
    closers.push(async () => {
      await world.close();
      await bus.close();
      await log.close();
      await redis.close();
    });
    return world;
  }

  beforeAll(async () => {
    database = await createPostgresTestDatabase(inject('postgresUrl'));
    server = await startRedisServer();
    one = await openWorld();
    two = await openWorld((log) => ({
      ...log,
      subscribe: (id, listener) =>
        log.subscribe(id, (signal: LogSignal) => {
          if (!deaf) listener(signal);
        }),
    }));
  });
  afterAll(async () => {
    for (const close of closers) await close();
    await server.stop();
    await database.close();
  });

  async function attachBoth() {
    const account = await one.newUser();
    const clients = [await one.connect(account.token), await two.connect(account.token)] as const;
    for (const client of clients) {
      client.send({ type: 'reconnect', sessionID: account.session.id, lastMsgId: '' });
      await client.next('reconnection_status');
    }
    return { ...account, clients };
  }

  test('show the same events in the same order', async () => {
    const { session, clients } = await attachBoth();
    await Promise.all(Array.from({ length: 100 }, (_, n) => (n % 2 ? one : two).say(session.id, `${n}`)));
    const [a, b] = clients;
    await expect.poll(() => [labels(a.frames).length, labels(b.frames).length]).toEqual([100, 100]);
    expect(labels(a.frames)).toEqual(labels(b.frames));
  });

  test('resume on the other with exactly what was missed', async () => {
    const { session, token, clients } = await attachBoth();
    await one.say(session.id, 'a', 'b');
    await expect.poll(() => labels(clients[0].frames)).toEqual(['a', 'b']);
    clients[0].terminate();
    await two.say(session.id, 'c');
    const moved = await two.connect(token);
    moved.send({ type: 'reconnect', sessionID: session.id, lastMsgId: clients[0].cursor() });
    expect(await moved.next('reconnection_status')).toMatchObject({ resumed: true, messages_replayed: 1 });
    expect(labels(moved.frames)).toEqual(['c']);
  });

  test('give on either server a history that holds what the other has streamed', async () => {
    const { session } = await attachBoth();
    const stream = await openStream(one, session);
    await stream.say(3);
    await stream.save();
    await stream.say(4);
    const { messages } = await listMessages({ eventLog: two.log }, two.system, { sessionId: session.id });
    const row = messages.find(({ id }) => id === stream.message.id);
    expect(row?.parts).toEqual([{ type: 'text', text: stream.text() }]);
    const alone = createMemoryEventLog({ clock: systemClock });
    const deps = { eventLog: alone };
    const stored = (await listMessages(deps, two.system, { sessionId: session.id })).messages;
    expect(stored.find(({ id }) => id === stream.message.id)?.parts).toEqual([
      { type: 'text', text: '1 2 3 ' },
    ]);
    await alone.close();
    const silent = { head: () => new Promise<never>(() => {}), read: two.log.read };
    const late = (await listMessages({ eventLog: silent }, two.system, { sessionId: session.id })).messages;
    expect(late).toEqual(stored);
  });

  test('find a lost last event and a lost middle without the publication', async () => {
    const { session, clients } = await attachBoth();
    deaf = true;
    await one.say(session.id, 'lost last');
    await expect.poll(() => labels(clients[1].frames), { timeout: 3_000 }).toEqual(['lost last']);
    await one.say(session.id, 'lost middle');
    deaf = false;
    await one.say(session.id, 'heard');
    await expect.poll(() => labels(clients[1].frames)).toEqual(['lost last', 'lost middle', 'heard']);
    expect(labels(clients[0].frames)).toEqual(['lost last', 'lost middle', 'heard']);
  });

  test('carry a prompt given to one to the watchers of the other', async () => {
    const { session, clients } = await attachBoth();
    clients[0].send({ type: 'message', sessionID: session.id, content: 'hi' });
    expect(await clients[1].next('message')).toMatchObject({ Parts: [{ text: 'hi' }, { reason: 'stop' }] });
  });

  test('close the sockets of a revoked user on both', async () => {
    const { user, clients } = await attachBoth();
    await one.bus.publish('access_revoked', { userId: user.id, reason: 'revoked' });
    expect(await Promise.all(clients.map((client) => client.closed))).toEqual([4203, 4203]);
  });

  test('let go of a deleted session although the bus lost the word of it', async () => {
    const { session, clients } = await attachBoth();
    await one.say(session.id, 'a');
    const before = two.gateway.stats().sessions;
    await database.repositories.sessions.delete(session.id);
    await one.log.remove(session.id);
    for (const client of clients) {
      expect(await client.next('error')).toMatchObject({ code: 'not_found', session_id: session.id });
    }
    expect(two.gateway.stats().sessions).toBe(before - 1);
  });

  test('give everyone a snapshot after FLUSHALL and go on', async () => {
    const { session, clients } = await attachBoth();
    await one.say(session.id, 'a');
    const redis = await connectRedis({ url: server.url, log: silentLog });
    await redis.run((client) => client.flushall());
    await redis.close();
    for (const client of clients) {
      expect(await client.next('reconnection_status')).toMatchObject({ resumed: false });
    }
    await two.say(session.id, 'b');
    for (const client of clients) await expect.poll(() => labels(client.frames).at(-1)).toBe('b');
  });

  test('recover by themselves from a Redis that went away', async () => {
    const { session, clients } = await attachBoth();
    await server.kill();
    await expect(one.say(session.id, 'refused')).rejects.toMatchObject({ code: 'unavailable' });
    await server.restart();
    for (const client of clients) {
      expect(await client.next('reconnection_status')).toMatchObject({ resumed: false });
    }
    await expect
      .poll(() =>
        one.say(session.id, 'back').then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
    for (const client of clients) {
      await expect.poll(() => labels(client.frames).at(-1), { timeout: 5_000 }).toBe('back');
    }
  });
});
