import { once } from 'node:events';
import { connect as connectTcp } from 'node:net';
import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { newId } from '#shared/ids.ts';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { RefusedError } from './client.ts';
import { ALLOWED_ORIGIN, createWorld, type World } from './world.ts';

describe('the upgrade', () => {
  let database: SqlDatabase;
  let world: World;
  beforeAll(async () => {
    database = await createPostgresTestDatabase(inject('postgresUrl'));
    world = await createWorld({ database });
  });
  afterAll(async () => {
    await world.close();
    await database.close();
  });

  async function refusal(attempt: Promise<unknown>): Promise<RefusedError> {
    const error = await attempt.then(
      () => null,
      (reason: unknown) => reason,
    );
    if (error instanceof RefusedError) return error;
    throw new Error(`expected a refusal, got ${error}`);
  }

  test('takes the token from the query, the header or a subprotocol', async () => {
    const { token } = await world.newUser();
    await world.connect(token);
    await world.connect(null, {}, { headers: { authorization: `Bearer ${token}` } });
    const client = await world.connect(null, {}, { protocols: ['other', `bearer.${token}`] });
    expect(client.socket.protocol).toBe(`bearer.${token}`);
  });

  test('without a valid token is answered 401 in JSON, even with a cookie', async () => {
    const none = await refusal(world.connect(null, {}, { headers: { cookie: 'token=x; session=y' } }));
    expect([none.status, none.body.code]).toEqual([401, 'unauthenticated']);
    expect(none.headers['x-request-id']).toMatch(/^[0-9a-f-]{36}$/);
    expect((await refusal(world.connect('a.b.c'))).status).toBe(401);
    expect((await refusal(world.connect('x'.repeat(9000)))).status).toBe(401);
  });

  test('of a revoked login is answered 401', async () => {
    const { token, loginSessionId } = await world.newUser();
    await database.repositories.logins.revoke(loginSessionId, Date.now());
    expect((await refusal(world.connect(token))).status).toBe(401);
  });

  test.each([
    'null',
    'https://crush.example.evil.com',
    'https://evilcrush.example',
    'http://crush.example',
    'https://crush.example:8443',
    'https://crush.example/',
  ])('from the origin %s is answered 403', async (origin) => {
    const { token } = await world.newUser();
    const error = await refusal(world.connect(token, {}, { headers: { origin } }));
    expect([error.status, error.body.code]).toEqual([403, 'forbidden']);
  });

  test('from the listed origin is accepted', async () => {
    const { token } = await world.newUser();
    await world.connect(token, {}, { headers: { origin: ALLOWED_ORIGIN } });
  });

  test.each(['foreign', 'missing', '__proto__', '../../etc', "' or 1=1 --"])(
    'to a %s session is answered 404 in the same words',
    async (kind) => {
      const me = await world.newUser();
      const other = await world.newUser();
      const id = kind === 'foreign' ? other.session.id : kind === 'missing' ? newId() : kind;
      const error = await refusal(world.connect(me.token, { session_id: id }));
      expect(error.status).toBe(404);
      expect(error.body).toMatchObject({ error: 'Session not found', code: 'not_found' });
    },
  );

  test('beyond twenty sockets of a user is answered 429', async () => {
    const { token } = await world.newUser();
    const clients = await Promise.all(Array.from({ length: 20 }, () => world.connect(token)));
    const error = await refusal(world.connect(token));
    expect([error.status, error.headers['retry-after']]).toEqual([429, '10']);
    clients[0]?.terminate();
    await expect
      .poll(() =>
        world.connect(token).then(
          () => true,
          () => false,
        ),
      )
      .toBe(true);
  });

  test.each([
    ['GET //evil HTTP/1.1', 400],
    ['GET http://[ HTTP/1.1', 400],
    ['GET /other HTTP/1.1', 404],
    ['GET /ws?token=%ff%00 HTTP/1.1', 401],
  ])('with the request line %s is answered %i and the server lives on', async (line, status) => {
    const socket = connectTcp(world.port, '127.0.0.1');
    socket.write(`${line}\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n`);
    const [data] = await once(socket, 'data');
    expect(String(data)).toContain(`HTTP/1.1 ${status} `);
    socket.destroy();
    const { token } = await world.newUser();
    await world.connect(token);
  });

  test('that breaks off at any moment leaves nothing behind', async () => {
    const { token, session } = await world.newUser();
    const before = world.gateway.stats().sockets;
    for (let n = 0; n < 30; n++) {
      const socket = connectTcp(world.port, '127.0.0.1');
      socket.write(
        `GET /ws?token=${token}&session_id=${session.id} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\n` +
          'Upgrade: websocket\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n',
      );
      setTimeout(() => socket.resetAndDestroy(), n % 10);
      socket.on('error', () => {});
      await once(socket, 'close');
    }
    await expect.poll(() => world.gateway.stats().sockets).toBe(before);
    for (let n = 0; n < 20; n++) await world.connect(token);
  });
});
