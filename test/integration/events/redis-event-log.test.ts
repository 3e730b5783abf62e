import { Redis } from 'ioredis';
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest';
import type { LogSignal } from '#domain/events/index.ts';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import {
  connectRedis,
  createRedisBus,
  createRedisEventLog,
  type RedisConnections,
} from '../../../src/infra/redis/index.ts';
import { type RedisServer, startRedisServer } from './redis-server.ts';

describe('the Redis event log', () => {
  let server: RedisServer;
  let admin: Redis;
  const closers: Array<() => Promise<void>> = [];

  beforeAll(async () => {
    server = await startRedisServer();
    admin = new Redis(server.url, { lazyConnect: true });
    admin.on('error', () => {});
    await admin.connect();
  });
  afterEach(async () => {
    for (const close of closers.splice(0)) await close();
  });
  afterAll(async () => {
    admin.disconnect();
    await server.stop();
  });

  async function connect(): Promise<RedisConnections> {
    const redis = await connectRedis({ url: server.url, log: silentLog });
    closers.push(() => redis.close());
    return redis;
  }
  async function open() {
    return createRedisEventLog({
      redis: await connect(),
      streamMaxLen: 4096,
      streamMaxBytes: 8_000_000,
      streamTtl: 60,
    });
  }

  test('begins a new epoch after FLUSHALL and tells the subscribers', async () => {
    const id = newId();
    const [writer, reader] = [await open(), await open()];
    const signals: LogSignal[] = [];
    await reader.subscribe(id, (signal) => signals.push(signal));
    await writer.append(id, [{ body: '1' }, { body: '2' }], 3);
    const before = await reader.head(id);
    await admin.flushall();
    const appended = await writer.append(id, [{ body: '3' }], 3);
    expect(appended.epoch).not.toBe(before.epoch);
    expect(appended.seqs).toEqual([1]);
    expect(await reader.read(id, before, 10)).toEqual({ ok: false, reason: 'other_epoch' });
    await expect
      .poll(() => signals.map((signal) => (signal.kind === 'event' ? signal.event.cursor : signal.kind)))
      .toEqual([
        { epoch: before.epoch, seq: 1 },
        { epoch: before.epoch, seq: 2 },
        { epoch: appended.epoch, seq: 1 },
      ]);
  });

  test('begins a new epoch when only the position is lost or has gone back', async () => {
    const id = newId();
    const log = await open();
    await log.append(id, [{ body: '1' }, { body: '2' }]);
    const first = await log.head(id);
    await admin.del(`crush:{s:${id}}:m`);
    const second = await log.append(id, [{ body: '3' }]);
    expect(second.epoch).not.toBe(first.epoch);
    await log.append(id, [{ body: '4' }]);
    await admin.hset(`crush:{s:${id}}:m`, 'seq', 0);
    const third = await log.append(id, [{ body: '5' }, { body: '6' }]);
    expect(third.epoch).not.toBe(second.epoch);
    expect(third.seqs).toEqual([1, 2]);
  });

  test('begins a new epoch when another Redis process answers', async () => {
    const id = newId();
    const log = await open();
    await log.append(id, [{ body: '1' }]);
    const before = await log.head(id);
    await admin.hset(`crush:{s:${id}}:m`, 'run', 'another');
    expect(await log.read(id, before, 10)).toEqual({ ok: false, reason: 'other_epoch' });
    const head = await log.head(id);
    expect(head.epoch).not.toBe(before.epoch);
    expect(head.seq).toBe(0);
  });

  test('emits resync when its subscriptions were lost and are back', async () => {
    const id = newId();
    const log = await open();
    const kinds: string[] = [];
    await log.subscribe(id, (signal) => kinds.push(signal.kind));
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await expect.poll(() => kinds, { timeout: 5000 }).toEqual(['resync']);
    await log.append(id, [{ body: '1' }]);
    await expect.poll(() => kinds).toEqual(['resync', 'event']);
  });

  test('recovers when all connections are killed', async () => {
    const id = newId();
    const log = await open();
    await log.append(id, [{ body: '1' }]);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
    const append = () => log.append(id, [{ id: 'two', body: '2' }]).then((appended) => appended.seqs);
    await expect.poll(() => append().catch(() => null)).toEqual([2]);
  });

  test('refuses a stale fence from another connection after a take-over', async () => {
    const id = newId();
    const [old, next] = [await open(), await open()];
    await old.append(id, [{ body: '1' }], 1);
    await next.takeOver(id, 2, true);
    await expect(old.append(id, [{ body: '2' }], 1)).rejects.toMatchObject({ code: 'stale_fence' });
    expect((await next.head(id)).seq).toBe(0);
  });

  test('several writers on several connections leave one sequence without gaps', async () => {
    const id = newId();
    const logs = [await open(), await open(), await open()];
    const heard: number[] = [];
    await logs[0]?.subscribe(id, (signal) => {
      if (signal.kind === 'event') heard.push(signal.event.cursor.seq);
    });
    await Promise.all(
      logs.flatMap((log, writer) =>
        Array.from({ length: 50 }, (_, n) => log.append(id, [{ body: `${writer}:${n}` }])),
      ),
    );
    await expect.poll(() => heard.length).toBe(150);
    expect(heard).toEqual(Array.from({ length: 150 }, (_, index) => index + 1));
    const result = await logs[1]?.read(id, { epoch: (await logs[1].head(id)).epoch, seq: 0 }, 200);
    expect(result?.ok && result.events.map((event) => event.cursor.seq)).toEqual(heard);
  });

  test('carries bus messages between processes, also after a lost connection', async () => {
    const [a, b] = [await connect(), await connect()];
    const [publisher, listener] = [
      createRedisBus({ redis: a, log: silentLog }),
      createRedisBus({ redis: b, log: silentLog }),
    ];
    const heard: string[] = [];
    listener.subscribe('session_deleted', (message) => heard.push(message.sessionId));
    await expect.poll(() => admin.pubsub('NUMSUB', 'crush:bus:session_deleted')).toContain(1);
    await publisher.publish('session_deleted', { sessionId: 'one' });
    await expect.poll(() => heard).toEqual(['one']);
    await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
    await expect.poll(() => admin.pubsub('NUMSUB', 'crush:bus:session_deleted')).toContain(1);
    await publisher.publish('session_deleted', { sessionId: 'two' });
    await expect.poll(() => heard).toEqual(['one', 'two']);
    await listener.close();
    await publisher.close();
  });

  test('an unreachable server is unavailable, at start and later, and a restarted one is a new epoch', async () => {
    await expect(connectRedis({ url: 'redis://127.0.0.1:1', log: silentLog })).rejects.toMatchObject({
      code: 'unavailable',
    });
    const id = newId();
    const own = await startRedisServer();
    const redis = await connectRedis({ url: own.url, log: silentLog });
    const log = createRedisEventLog({ redis, streamMaxLen: 100, streamMaxBytes: 8_000_000, streamTtl: 60 });
    const kinds: string[] = [];
    await log.subscribe(id, (signal) => kinds.push(signal.kind));
    await log.append(id, [{ body: '1' }]);
    const before = await log.head(id);
    await own.kill();
    await expect(log.append(id, [{ body: '2' }])).rejects.toMatchObject({ code: 'unavailable' });
    await expect(log.ping()).rejects.toMatchObject({ code: 'unavailable' });
    await own.restart();
    await expect
      .poll(
        () =>
          log.ping().then(
            () => true,
            () => false,
          ),
        { timeout: 5000 },
      )
      .toBe(true);
    expect((await log.head(id)).epoch).not.toBe(before.epoch);
    await expect.poll(() => kinds, { timeout: 5000 }).toContain('resync');
    await redis.close();
    await own.stop();
  });

  test('keeps of a removed session a mark without text, for seconds', async () => {
    const id = newId();
    const log = await open();
    const events = Array.from({ length: 5 }, () => ({ id: newId(), body: '{"secret":1}' }));
    await log.append(id, events, 3);
    expect(await admin.keys(`*${id}*`)).toHaveLength(3);
    await log.remove(id);
    await log.append(id, [{ id: newId(), body: '{"secret":2}' }], 3);
    await log.heads([id]);
    const [mark, ...others] = await admin.keys(`*${id}*`);
    expect(others).toEqual([]);
    expect(await admin.ttl(mark ?? '')).toBeLessThanOrEqual(20);
    expect(JSON.stringify(await admin.hgetall(mark ?? ''))).not.toContain('secret');
    const fields = Object.keys(await admin.hgetall(mark ?? ''));
    expect(new Set(fields)).toEqual(new Set(['epoch', 'gone', 'run', 'seq']));
  });
});
