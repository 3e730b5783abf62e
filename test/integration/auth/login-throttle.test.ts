import { afterAll, beforeAll, beforeEach, describe, expect, inject, it } from 'vitest';
import { newId } from '#shared/ids.ts';
import { silentLog } from '#shared/log.ts';
import { createLoginThrottle, createRegistrationThrottle } from '../../../src/infra/auth/index.ts';
import { connectRedis, type RedisConnections } from '../../../src/infra/redis/index.ts';
import { type RedisServer, startRedisServer } from '../events/redis-server.ts';

const times = <T>(count: number, make: (index: number) => T) =>
  Array.from({ length: count }, (_, n) => make(n));

describe('the login throttle of several servers on one Redis', () => {
  let connections: RedisConnections[] = [];
  const throttles = () => connections.map(({ commands }) => createLoginThrottle({ redis: commands }));
  const attempt = { account: '', network: '192.0.2.1', isKnown: false };

  beforeAll(async () => {
    const url = inject('redisUrl');
    connections = [await connectRedis({ url, log: silentLog }), await connectRedis({ url, log: silentLog })];
  });
  afterAll(async () => {
    for (const redis of connections) await redis.close();
  });
  beforeEach(() => {
    attempt.account = `${newId()}@example.com`;
    attempt.network = newId();
  });

  it('counts failures wherever they come in', async () => {
    const [one, two] = throttles();
    for (let n = 0; n < 3; n++) await one?.failed(attempt);
    for (let n = 0; n < 5; n++) await two?.failed(attempt);
    expect(await one?.waitMs(attempt)).toBeGreaterThan(4_000);
    expect(await two?.waitMs({ ...attempt, network: 'another' })).toBeGreaterThan(4_000);
  });

  it('counts a known device apart on all of them', async () => {
    const [one, two] = throttles();
    const known = { ...attempt, isKnown: true };
    for (let n = 0; n < 9; n++) await one?.failed({ ...attempt, network: newId() });
    expect(await two?.waitMs({ ...attempt, network: newId() })).toBeGreaterThan(4_000);
    expect(await two?.waitMs(known)).toBe(0);
    for (let n = 0; n < 8; n++) await one?.failed(known);
    expect(await two?.waitMs(known)).toBeGreaterThan(4_000);
  });

  it('forgets after a success on any of them', async () => {
    const [one, two] = throttles();
    for (let n = 0; n < 8; n++) await one?.failed(attempt);
    await two?.succeeded(attempt);
    expect(await one?.waitMs(attempt)).toBe(0);
    expect(await one?.waitMs({ ...attempt, network: newId() })).toBe(0);
  });

  it('loses no failure of many at once', async () => {
    const [one, two] = throttles();
    await Promise.all(Array.from({ length: 20 }, (_, n) => (n % 2 ? one : two)?.failed(attempt)));
    expect(await one?.waitMs(attempt)).toBeGreaterThan(800_000);
  });
});

describe('the throttle of registrations of several servers on one Redis', () => {
  let connections: RedisConnections[] = [];
  beforeAll(async () => {
    const url = inject('redisUrl');
    connections = [await connectRedis({ url, log: silentLog }), await connectRedis({ url, log: silentLog })];
  });
  afterAll(async () => {
    for (const redis of connections) await redis.close();
  });

  it('counts attempts of a network wherever they come in, and lets others pass', async () => {
    const [one, two] = connections.map(({ commands }) =>
      createRegistrationThrottle({ redis: commands, perNetwork: 3, inAll: 1_000_000 }),
    );
    const [network, other] = [newId(), newId()];
    const waits = await Promise.all(times(10, (n) => (n % 2 ? one : two)?.take(network)));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(3);
    expect(Math.max(...waits.map(Number))).toBeGreaterThan(3_500_000);
    expect(await one?.take(other)).toBe(0);
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
    const attempt = { account: 'ada@example.com', network: '192.0.2.1', isKnown: false };
    await server.kill();
    for (let n = 0; n < 8; n++) await throttle.failed(attempt);
    expect(await throttle.waitMs(attempt)).toBeGreaterThan(4_000);
    await throttle.succeeded(attempt);
    expect(await throttle.waitMs(attempt)).toBe(0);
    await redis.close();
  });
});
