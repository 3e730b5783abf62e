import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { deferred } from '#shared/async/deferred.ts';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { createWorld, type World, type WorldOptions } from './world.ts';

const MIB = 1024 * 1024;

describe('a prompt over a socket', () => {
  let database: SqlDatabase;
  const worlds: World[] = [];
  beforeAll(async () => {
    database = await createPostgresTestDatabase(inject('postgresUrl'));
  });
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });
  afterAll(() => database.close());

  async function open(options: Omit<WorldOptions, 'database'> = {}) {
    const world = await createWorld({ database, ...options });
    worlds.push(world);
    const account = await world.newUser();
    const client = await world.connect(account.token, { session_id: account.session.id });
    client.send({ type: 'reconnect', sessionID: account.session.id, lastMsgId: '' });
    await client.next('reconnection_status');
    const turns = () => database.repositories.turns.listUnfinished(account.session.id);
    return { world, client, turns, ...account };
  }

  test.each([
    ['letters', 'x'.repeat(MIB)],
    ['line ends and quotes', '\n"'.repeat(MIB / 2)],
    ['text of three bytes a character', '語'.repeat(Math.floor(MIB / 3))],
  ])('may hold 1 MiB of %s', async (_kind, content) => {
    const { client, session } = await open();
    client.send({ type: 'message', sessionID: session.id, content });
    const echo = await client.next('message');
    expect(echo.Parts[0]?.type === 'text' && echo.Parts[0].text === content).toBe(true);
  });

  test('is refused beyond that, and the client learns that nothing runs', async () => {
    const { client, session, turns } = await open();
    for (const content of ['x'.repeat(MIB + 1), '\n'.repeat(1.2 * MIB)]) {
      client.send({ type: 'message', sessionID: session.id, content });
      expect(await client.next('error')).toMatchObject({ code: 'invalid_input' });
      const status = { session_id: session.id, status: '', is_running: false };
      expect(await client.next('session_status')).toMatchObject(status);
    }
    expect(await turns()).toEqual([]);
  });

  test.each([
    ['an empty content', { content: ' ' }],
    ['no content', {}],
    ['a content that is no text', { content: 7 }],
    ['a wrong image', { content: 'x', images: [{ url: 1 }] }],
  ])('with %s is answered by an error and then by the status as it is', async (_name, fields) => {
    const { client, session } = await open();
    client.send({ type: 'message', sessionID: session.id, content: 'first' });
    expect(await client.next('session_status')).toMatchObject({ is_running: true });
    client.send({ type: 'message', session_id: session.id, ...fields });
    expect(await client.next('error')).toMatchObject({ code: 'invalid_input' });
    const { _streamId, ...status } = await client.next('session_status');
    expect(status).toMatchObject({ session_id: session.id, status: 'running', is_running: true });
    expect(_streamId).toBeUndefined();
  });

  test('to a session of somebody else tells nothing of that session', async () => {
    const { world, client } = await open();
    const other = await world.newUser();
    for (const content of ['hi', '']) {
      client.send({ type: 'message', sessionID: other.session.id, content });
      expect(await client.next('error')).toMatchObject({ code: 'not_found' });
    }
    client.send({ type: 'ping' });
    await client.next('pong');
    expect(client.frames.filter(({ Type }) => Type === 'session_status')).toEqual([]);
  });

  test('counts towards the queue of all prompts', async () => {
    const { world, client, session } = await open({ promptLimits: { maxQueued: 0 } });
    client.send({ type: 'message', sessionID: session.id, content: 'one too many' });
    expect(await client.next('error')).toMatchObject({ code: 'overloaded' });
    expect(await world.database.repositories.turns.listUnfinished(session.id)).toEqual([]);
  });

  test.each([
    ['log-out', 4206],
    ['revocation', 4203],
    ['too many frames', 4013],
  ])('that still waits when a %s closes the socket is not carried out', async (_kind, code) => {
    const held = deferred<void>();
    const { world, client, session, user, loginSessionId, turns, token } = await open();
    const heads = world.log.head;
    world.log.head = async (id) => {
      await held.promise;
      return heads(id);
    };
    // The first frame waits for an attach that gets no answer; the others wait behind it.
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    client.send({ type: 'message', sessionID: session.id, content: 'waits for the attach' });
    client.send({ type: 'message', sessionID: session.id, content: 'waits behind it' });
    client.send({ type: 'cancel', sessionID: session.id });
    client.send({ type: 'ping' });
    await client.next('pong');
    if (code === 4206) {
      await world.bus.publish('access_revoked', { userId: user.id, loginSessionId, reason: 'logout' });
    } else if (code === 4203) {
      await world.bus.publish('access_revoked', { userId: user.id, reason: 'revoked' });
    } else {
      for (let n = 0; n < 100; n++) client.send({ type: 'ping' });
    }
    expect(await client.closed).toBe(code);
    held.resolve();
    const other = await world.connect(token);
    other.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    await other.next('reconnection_status');
    expect(await turns()).toEqual([]);
  });
});
