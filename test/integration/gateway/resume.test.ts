import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import { listMessages } from '#domain/message/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import type { GatewayLimits } from '#ws/gateway/index.ts';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { newPermissionRequest, newToolCall } from '../postgres/records.ts';
import { openStream, textOf } from './stream.ts';
import { createWorld, type World } from './world.ts';

describe('a client that comes back', () => {
  let database: SqlDatabase;
  const worlds: World[] = [];
  beforeAll(async () => {
    database = await createPostgresTestDatabase(inject('postgresUrl'));
  });
  afterEach(async () => {
    for (const world of worlds.splice(0)) await world.close();
  });
  afterAll(() => database.close());

  async function open(limits: Partial<GatewayLimits> = {}) {
    const world = await createWorld({ database, limits });
    worlds.push(world);
    const account = await world.newUser();
    return { world, ...account, stream: await openStream(world, account.session) };
  }

  test('at the head of the log is told the state that its page has lost, before it is told that it resumed', async () => {
    const { world, token, session, stream } = await open();
    const { repositories } = database;
    const call = newToolCall(stream.turn, { messageId: stream.message.id, status: 'awaiting_permission' });
    await repositories.toolCalls.insertMany([call]);
    const request = newPermissionRequest(call);
    await repositories.permissions.insert(request);
    await stream.say(3);
    const head = await world.log.head(session.id);
    for (let times = 0; times < 2; times++) {
      const client = await world.connect(token);
      client.send({
        type: 'reconnect',
        sessionID: session.id,
        lastMsgId: `${head.epoch}-${head.seq}`,
      });
      const status = await client.next('reconnection_status');
      expect(status).toMatchObject({
        resumed: true,
        messages_replayed: 0,
        last_stream_id: `${head.epoch}-${head.seq}`,
      });
      expect(client.frames.map((frame) => frame.Type)).toEqual([
        'message',
        'tool_call_update',
        'permission_request',
        'todos_update',
        'session_update',
        'reconnection_status',
      ]);
      expect(client.frames.find(({ Type }) => Type === 'permission_request')).toMatchObject({
        id: request.id,
        tool_call_id: call.id,
      });
      expect(client.frames.every((frame) => frame._streamId === undefined)).toBe(true);
    }
  });

  test('meets a history that ends where its stream begins', async () => {
    const { world, token, session, stream } = await open();
    await stream.say(4);
    await stream.save();
    await stream.say(5);
    const before = await world.connect(token);
    before.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    await before.next('reconnection_status');
    await stream.say(2);
    await expect.poll(() => before.cursor()).not.toBe('');
    const cursor = before.cursor();
    before.terminate();
    await stream.say(6);

    const { messages } = await listMessages({ eventLog: world.log }, world.system, {
      sessionId: session.id,
    });
    const row = messages.find(({ id }) => id === stream.message.id);
    expect(row?.parts).toEqual([{ type: 'text', text: stream.text() }]);
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: cursor });
    expect(await client.next('reconnection_status')).toMatchObject({ resumed: true });
    await stream.say(3);
    await expect.poll(() => textOf(client.frames, stream.message.id, row?.parts)).toBe(stream.text());
  });

  test.each([400, 800, 1500])(
    'over a link that needs %i ms gets one answer and every delta once',
    async (delayMs) => {
      const { world, token, session, stream } = await open();
      await stream.say(3);
      const first = await world.connect(token);
      first.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
      await first.next('reconnection_status');
      await stream.say(3);
      await expect.poll(() => textOf(first.frames, stream.message.id)).toBe(stream.text());
      const known = [{ type: 'text' as const, text: stream.text() }];
      const cursor = first.cursor();
      first.terminate();

      const client = await world.connect(token, { session_id: session.id });
      const sent = sleep(delayMs).then(() =>
        client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: cursor }),
      );
      for (let n = 0; n < 20; n++) {
        await stream.say(1);
        await sleep(delayMs / 18);
      }
      await sent;
      await client.next('reconnection_status');
      await stream.say(2);
      await expect.poll(() => textOf(client.frames, stream.message.id, known)).toBe(stream.text());
      expect(client.frames.filter(({ Type }) => Type === 'reconnection_status')).toHaveLength(1);
    },
  );

  test('after the socket has attached by itself gets a snapshot instead of what it heard already', async () => {
    const { world, token, session, stream } = await open({ attachGraceMs: 30 });
    await stream.say(3);
    const { epoch, seq } = await world.log.head(session.id);
    await stream.say(3);
    const client = await world.connect(token, { session_id: session.id });
    expect(await client.next('reconnection_status')).toMatchObject({ resumed: false });
    await stream.say(4);
    await expect.poll(() => textOf(client.frames, stream.message.id)).toBe(stream.text());
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: `${epoch}-${seq}` });
    expect(await client.next('reconnection_status')).toMatchObject({
      resumed: false,
      reason: 'already_attached',
    });
    await stream.say(2);
    await expect.poll(() => textOf(client.frames, stream.message.id)).toBe(stream.text());
  });

  test('to a session from which the same socket heard more meanwhile gets a snapshot', async () => {
    const { world, token, session, project, user, stream } = await open();
    const other = { ...session, id: (await world.newUser()).session.id.replace(/^./, 'e') };
    await database.repositories.sessions.insert({ ...other, projectId: project.id, userId: user.id });
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    const { last_stream_id: early } = await client.next('reconnection_status');
    await stream.say(3);
    await expect.poll(() => textOf(client.frames, stream.message.id)).toBe(stream.text());
    const late = client.cursor();
    for (const [cursor, resumed] of [
      [early, false],
      [late, true],
    ] as const) {
      client.send({ type: 'reconnect', sessionID: other.id, lastMsgId: '' });
      await client.next('reconnection_status');
      client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: cursor });
      expect(await client.next('reconnection_status')).toMatchObject({ session_id: session.id, resumed });
      expect(textOf(client.frames, stream.message.id)).toBe(stream.text());
    }
  });

  test('to another epoch is told how messages ended whose last event was lost', async () => {
    const { world, token, session, stream } = await open();
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    await client.next('reconnection_status');
    await stream.say(3);
    await expect.poll(() => textOf(client.frames, stream.message.id)).toBe(stream.text());
    await database.repositories.messages.setParts(stream.message.id, {
      parts: [
        { type: 'text', text: `${stream.text()}and out` },
        { type: 'finish', reason: 'end_turn', time: 1 },
      ],
      appliedCursor: client.cursor(),
      finishedAt: Date.now(),
      now: Date.now(),
    });
    await world.log.takeOver(session.id, 9, true);
    expect(await client.next('reconnection_status')).toMatchObject({ reason: 'other_epoch' });
    expect(textOf(client.frames, stream.message.id)).toBe(`${stream.text()}and out`);
    const fresh = await world.connect(token);
    fresh.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    await fresh.next('reconnection_status');
    expect(fresh.frames.map(({ Type }) => Type)).not.toContain('message');
  });

  test('that names a session of nobody is attached to its own after all', async () => {
    const { world, token, session } = await open({ attachGraceMs: 100 });
    const client = await world.connect(token, { session_id: session.id });
    client.send({ type: 'reconnect', sessionID: 'nobody', lastMsgId: '' });
    expect(await client.next('error')).toMatchObject({ code: 'not_found' });
    expect(await client.next('reconnection_status')).toMatchObject({ session_id: session.id });
  });
});
