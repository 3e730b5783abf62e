import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createLoginThrottle } from '../../../src/infra/auth/index.ts';
import { connectRedis, type RedisConnections } from '../../../src/infra/redis/index.ts';
import { type RedisServer, startRedisServer } from '../events/redis-server.ts';

describe('the login throttle of several servers on one Redis', () => {
  let connections: RedisConnections[] = [];
  const throttles = () => connections.map(({ commands }) => createLoginThrottle({ redis: commands }));
  const attempt = { account: '', address: '192.0.2.1' };

  beforeAll(async () => {
    const url = inject('redisUrl');
    connections = [await connectRedis({ url, log: silentLog }), await connectRedis({ url, log: silentLog })];
  });
  afterAll(async () => {
    for (const redis of connections) await redis.close();
  });
  beforeEach(() => {
    attempt.account = `${newId()}@example.com`;
    attempt.address = newId();
  });

  it('counts failures wherever they come in', async () => {
    const [one, two] = throttles();
    for (let n = 0; n < 3; n++) await one?.failed(attempt);
    for (let n = 0; n < 5; n++) await two?.failed(attempt);
    expect(await one?.waitMs(attempt)).toBeGreaterThan(4_000);
    expect(await two?.waitMs({ ...attempt, address: 'another' })).toBeGreaterThan(4_000);
  });

  it('knows the device of an earlier login on all of them', async () => {
    const [one, two] = throttles();
    await one?.succeeded(attempt);
    for (let n = 0; n < 9; n++) await one?.failed({ ...attempt, address: newId() });
    expect(await two?.waitMs({ ...attempt, address: newId() })).toBeGreaterThan(4_000);
    expect(await two?.waitMs(attempt)).toBe(0);
  });

  it('forgets after a success on any of them', async () => {
    const [one, two] = throttles();
    for (let n = 0; n < 8; n++) await one?.failed(attempt);
    await two?.succeeded(attempt);
    expect(await one?.waitMs(attempt)).toBe(0);
    expect(await one?.waitMs({ ...attempt, address: newId() })).toBe(0);
  });

  it('remembers sixteen addresses of an account at most, the last one among them', async () => {
    const [one, two] = throttles();
    const stored = async () => (await connections[0]?.commands.keys('crush:login:devices:*'))?.length ?? 0;
    const before = await stored();
    for (let n = 0; n < 100; n++) await one?.succeeded({ ...attempt, address: `2001:db8::${n}` });
    expect((await stored()) - before).toBe(16);
    for (let n = 0; n < 9; n++) await one?.failed(attempt);
    expect(await two?.waitMs({ ...attempt, address: '2001:db8::99' })).toBe(0);
    expect(await two?.waitMs({ ...attempt, address: '2001:db8::abc' })).toBeGreaterThan(4_000);
  });

  it('loses no failure of many at once', async () => {
    const [one, two] = throttles();
    await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? one : two)?.failed(attempt)));
    expect(await one?.waitMs(attempt)).toBeGreaterThan(800_000);
  });
});

describe('the login throttle without its Redis', () => {
  let server: RedisServer;
  beforeAll(async () => {
    server = await startRedisServer();
  });
  afterAll(() => server.stop());

  it('goes on counting in its own process', async () => {
    const redis = await connectRedis({ url: server.url, log: silentLog });
    const throttle = createLoginThrottle({ redis: redis.commands });
    const attempt = { account: 'ada@example.com', address: '192.0.2.1' };
    await server.kill();
    for (let n = 0; n < 8; n++) await throttle.failed(attempt);
    expect(await throttle.waitMs(attempt)).toBeGreaterThan(4_000);
    await throttle.succeeded(attempt);
    expect(await throttle.waitMs(attempt)).toBe(0);
    await redis.close();
  });
});
