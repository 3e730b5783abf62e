import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { sleep } from '#shared/async/sleep.ts';
import type { GatewayLimits } from '#ws/gateway/index.ts';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { RefusedError } from './client.ts';
import { createWorld, labels, type World } from './world.ts';

describe('a gateway under pressure', () => {
  let database: SqlDatabase;
  const worlds: World[] = [];
  beforeAll(async () => {
    database = await createPostgresTestDatabase(inject('postgresUrl'));
  });
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });
  afterAll(() => database.close());

  async function open(limits: Partial<GatewayLimits> = {}, uncached = false) {
    const world = await createWorld({ database, uncached, limits: { tickMs: 20, ...limits } });
    worlds.push(world);
    const account = await world.newUser();
    const client = await world.connect(account.token);
    const attach = async (target = client) => {
      target.send({ type: 'reconnect', sessionID: account.session.id, lastMsgId: '' });
      return target.next('reconnection_status');
    };
    return { world, client, attach, ...account };
  }

  test.each([
    ['no JSON', 'hello'],
    ['no object', '[1]'],
    ['an unknown type', '{"type":"run"}'],
    ['a field of the wrong type', '{"type":"message","content":7}'],
    ['a frame over 64 KiB', JSON.stringify({ type: 'cancel', sessionID: 'x'.repeat(65_536) })],
    ['a binary frame', Buffer.from('{"type":"ping"}')],
  ])('answers %s with an error, and the third in a row with 4200', async (_name, data) => {
    const { client, session, world } = await open();
    client.sendRaw(data);
    expect(await client.next('error')).toMatchObject({ code: 'invalid_input' });
    client.send({ type: 'ping' });
    await client.next('pong');
    for (let n = 0; n < 3; n++) client.sendRaw(data);
    expect(await client.closed).toBe(4200);
    expect(await world.database.repositories.turns.listUnfinished(session.id)).toEqual([]);
  });

  test('closes a parse bomb with 4200 at once', async () => {
    const { client } = await open();
    client.sendRaw(`{"type":"reconnect","lastMsgId":${'['.repeat(10_000)}${']'.repeat(10_000)}}`);
    expect(await client.closed).toBe(4200);
  });

  test('closes a frame beyond the hard maximum with 1009', async () => {
    const { client } = await open();
    client.sendRaw('x'.repeat(4 * 1024 * 1024));
    expect(await client.closed).toBe(1009);
  });

  test('closes one that sends faster than allowed with 4013', async () => {
    const { client } = await open();
    for (let n = 0; n < 62; n++) client.send({ type: 'ping' });
    expect(await client.closed).toBe(4013);
    expect(client.frames.length).toBeLessThanOrEqual(61);
  });

  test('closes one that gives no sign of life with 4012, and not one that answers pings', async () => {
    const { world, client, token } = await open({ silenceMs: 200 });
    const silent = await world.connect(token);
    silent.socket.on('ping', () => {});
    silent.pause();
    await sleep(400);
    silent.resume();
    expect(await silent.closed).toBe(4012);
    client.send({ type: 'ping' });
    await client.next('pong');
  });

  test('sends a heartbeat with the position when nothing else was sent', async () => {
    const { client, attach, session } = await open({ heartbeatMs: 50 });
    const status = await attach();
    expect(await client.next('heartbeat')).toMatchObject({ heads: { [session.id]: status.last_stream_id } });
  });

  test('a slow reader gets all from the log once it reads again', async () => {
    const { world, client, attach, session } = await open({ stallMs: 60_000 });
    await attach();
    client.pause();
    const sent: string[] = [];
    for (let n = 0; n < 200; n++) {
      const label = `${n}:${'x'.repeat(40_000)}`;
      sent.push(label);
      await world.say(session.id, label);
    }
    expect(world.gateway.stats().bufferedBytes).toBeLessThan(1024 * 1024);
    client.resume();
    await expect.poll(() => labels(client.frames).length, { timeout: 10_000 }).toBe(200);
    expect(labels(client.frames)).toEqual(sent);
    await world.say(session.id, 'live');
    await expect.poll(() => labels(client.frames).at(-1)).toBe('live');
  });

  test('a slow reader that is far behind gets a snapshot', async () => {
    const { world, client, attach, session } = await open({ stallMs: 60_000 });
    await attach();
    client.pause();
    for (let n = 0; n < 20; n++) {
      await world.say(session.id, ...Array.from({ length: 100 }, () => 'y'.repeat(10_000)));
    }
    client.resume();
    expect(await client.next('reconnection_status')).toMatchObject({
      resumed: false,
      reason: 'too_far_behind',
    });
    await world.say(session.id, 'live');
    await expect.poll(() => labels(client.frames).at(-1), { timeout: 10_000 }).toBe('live');
  });

  test('a reader that never reads is closed with 4008 and disturbs nobody', async () => {
    const { world, client, attach, session, token } = await open({ stallMs: 300 });
    await attach();
    const other = await world.connect(token);
    await attach(other);
    client.pause();
    for (let n = 0; n < 150; n++) await world.say(session.id, 'z'.repeat(50_000));
    await expect.poll(() => labels(other.frames).length).toBe(150);
    await expect.poll(() => world.gateway.stats().sockets, { timeout: 5_000 }).toBe(1);
    client.resume();
    expect(await client.closed).toBe(4008);
  });

  test('sheds the most lagging when all together have buffered too much', async () => {
    const { world, client, attach, session, token } = await open({ stallMs: 60_000, totalBytes: 200_000 });
    await attach();
    const reader = await world.connect(token);
    await attach(reader);
    client.pause();
    for (let n = 1; n <= 150; n++) {
      await world.say(session.id, 'z'.repeat(50_000));
      await expect.poll(() => labels(reader.frames).length, { interval: 1 }).toBe(n);
    }
    await expect.poll(() => world.gateway.stats().sockets).toBe(1);
    client.resume();
    expect(await client.closed).toBe(4008);
    reader.send({ type: 'ping' });
    await reader.next('pong');
  });

  test('an expired token closes with 4101, unless it was replaced before', async () => {
    const { world, user, client } = await open();
    const brief = await world.login(user.id, 2_000);
    const [ends, renewed] = [await world.connect(brief.token), await world.connect(brief.token)];
    renewed.send({ type: 'auth', token: (await world.login(user.id)).token });
    renewed.send({ type: 'auth', token: 'a.b.c' });
    expect(await renewed.next('error')).toMatchObject({ code: 'unauthenticated' });
    const stranger = await world.newUser();
    renewed.send({ type: 'auth', token: stranger.token });
    expect(await renewed.next('error')).toMatchObject({ code: 'forbidden' });
    expect(await ends.closed).toBe(4101);
    for (const alive of [renewed, client]) {
      alive.send({ type: 'ping' });
      await alive.next('pong');
    }
  });

  test('logout closes the sockets of that login with 4206, revocation all of the user with 4203', async () => {
    const { world, user, client, loginSessionId } = await open();
    const other = await world.connect((await world.login(user.id)).token);
    const stranger = await world.connect((await world.newUser()).token);
    await world.bus.publish('access_revoked', { userId: user.id, loginSessionId, reason: 'logout' });
    expect(await client.closed).toBe(4206);
    other.send({ type: 'ping' });
    await other.next('pong');
    await world.bus.publish('access_revoked', { userId: user.id, reason: 'revoked' });
    expect(await other.closed).toBe(4203);
    stranger.send({ type: 'ping' });
    await stranger.next('pong');
  });

  test('a revocation that the bus lost closes with 4203 at the next look, and nothing comes after', async () => {
    const { world, client, attach, session, loginSessionId, user } = await open({ accessCheckMs: 100 }, true);
    await attach();
    const other = await world.connect((await world.login(user.id)).token);
    await database.repositories.logins.revoke(loginSessionId, Date.now());
    expect(await client.closed).toBe(4203);
    await world.say(session.id, 'late');
    other.send({ type: 'ping' });
    await other.next('pong');
    expect(labels(client.frames)).toEqual([]);
  });

  test('draining says so, closes with 4001 and refuses newcomers', async () => {
    const { world, client, token, attach, session } = await open({ drainMs: 300 });
    await attach();
    const others = await Promise.all(Array.from({ length: 9 }, () => world.connect(token)));
    const drained = world.gateway.drain();
    expect(await client.next('notice')).toMatchObject({ kind: 'draining' });
    const refused = await world.connect(token).catch((error: unknown) => error);
    expect(refused).toBeInstanceOf(RefusedError);
    expect(refused).toMatchObject({ status: 503, body: { code: 'draining' } });
    await drained;
    expect(await Promise.all([client, ...others].map((each) => each.closed))).toEqual(Array(10).fill(4001));
    expect(await database.repositories.turns.listUnfinished(session.id)).toEqual([]);
    expect(world.gateway.stats()).toMatchObject({ sockets: 0, sessions: 0 });
  });
});
