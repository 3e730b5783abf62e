import { afterAll, beforeAll, describe, expect, inject, test } from 'vitest';
import { emit } from '#domain/events/index.ts';
import { WHOLE_DIRECTORY } from '#domain/permission/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import { newId } from '#shared/ids.ts';
import type { SqlDatabase } from '../../../src/infra/postgres/index.ts';
import { createPostgresTestDatabase } from '../../harness/database.ts';
import { newMessage, newPermissionRequest, newToolCall, seedTurn } from '../postgres/records.ts';
import { createWorld, labels, type World } from './world.ts';

describe('a socket and its session', () => {
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

  test('attach with a snapshot, then hear every event once and in order', async () => {
    const { token, session } = await world.newUser();
    await world.say(session.id, 'before');
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    const status = await client.next('reconnection_status');
    expect(status).toMatchObject({ resumed: false, is_running: false, session_status: '' });
    expect(status.last_stream_id).toMatch(/-1$/);
    expect(client.frames.map((frame) => frame.Type)).toEqual([
      'todos_update',
      'session_update',
      'reconnection_status',
    ]);
    await world.say(session.id, 'a', 'b');
    await world.say(session.id, 'c');
    await expect.poll(() => labels(client.frames)).toEqual(['a', 'b', 'c']);
    expect(client.cursor()).toMatch(/-4$/);
  });

  test('opened with a session id attach by themselves when the client says nothing', async () => {
    const brief = await createWorld({ database, limits: { attachGraceMs: 50 } });
    try {
      const { token, session } = await brief.newUser();
      const client = await brief.connect(token, { session_id: session.id });
      await client.next('reconnection_status');
      await brief.say(session.id, 'a');
      await expect.poll(() => labels(client.frames)).toEqual(['a']);
    } finally {
      await brief.close();
    }
  });

  test('resume after a drop with exactly what was missed', async () => {
    const { token, session } = await world.newUser();
    const first = await world.connect(token);
    first.send({ type: 'reconnect', session_id: session.id, lastMsgId: '' });
    await first.next('reconnection_status');
    await world.say(session.id, 'a', 'b');
    await expect.poll(() => labels(first.frames)).toEqual(['a', 'b']);
    first.terminate();
    await world.say(session.id, 'c', 'd', 'e');
    const second = await world.connect(token);
    second.send({ type: 'reconnect', sessionID: session.id, lastMsgId: first.cursor() });
    const status = await second.next('reconnection_status');
    expect(status).toMatchObject({ resumed: true, messages_replayed: 3 });
    expect(labels(second.frames)).toEqual(['c', 'd', 'e']);
    expect(second.frames.map((frame) => frame.Type)).toEqual([
      'file_event',
      'file_event',
      'file_event',
      'todos_update',
      'session_update',
      'reconnection_status',
    ]);
    await world.say(session.id, 'f');
    await expect.poll(() => labels(second.frames)).toEqual(['c', 'd', 'e', 'f']);
  });

  test('more than a thousand events behind get a snapshot, never a part', async () => {
    const { token, session } = await world.newUser();
    const { epoch } = await world.log.head(session.id);
    await world.say(session.id, ...Array.from({ length: 1001 }, (_, n) => String(n)));
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: `${epoch}-0` });
    expect(await client.next('reconnection_status')).toMatchObject({
      resumed: false,
      reason: 'too_far_behind',
    });
    expect(labels(client.frames)).toEqual([]);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: `${epoch}-1` });
    expect(await client.next('reconnection_status')).toMatchObject({
      resumed: true,
      messages_replayed: 1000,
    });
  });

  test.each([
    'x',
    42,
    null,
    { a: 1 },
    '-1',
    `${'A'.repeat(16)}-1`,
    `${'A'.repeat(16)}-99999999999999999999`,
    '9'.repeat(5000),
  ])('with the unusable cursor %j get a snapshot and live on', async (cursor) => {
    const { token, session } = await world.newUser();
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: cursor });
    expect(await client.next('reconnection_status')).toMatchObject({ resumed: false });
    client.send({ type: 'ping' });
    await client.next('pong');
  });

  test('with a cursor ahead of the log or of another session get a snapshot', async () => {
    const { token, session } = await world.newUser();
    const other = await world.newUser();
    const { epoch } = await world.log.head(session.id);
    const foreign = await world.log.head(other.session.id);
    const client = await world.connect(token);
    for (const cursor of [`${epoch}-7`, `${foreign.epoch}-0`]) {
      client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: cursor });
      expect(await client.next('reconnection_status')).toMatchObject({ resumed: false });
    }
  });

  test('two tabs hear the same, and one leaving does not disturb the other', async () => {
    const { token, session } = await world.newUser();
    const [a, b] = [await world.connect(token), await world.connect(token)];
    for (const client of [a, b]) {
      client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
      await client.next('reconnection_status');
    }
    await world.say(session.id, '1');
    await expect.poll(() => labels(a.frames)).toEqual(['1']);
    a.terminate();
    await world.say(session.id, '2');
    await expect.poll(() => labels(b.frames)).toEqual(['1', '2']);
  });

  test('bound to another session hear only that one', async () => {
    const { token, session, project, user } = await world.newUser();
    const secondId = newId();
    await database.repositories.sessions.insert({
      ...session,
      id: secondId,
      projectId: project.id,
      userId: user.id,
    });
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    await client.next('reconnection_status');
    client.send({ type: 'reconnect', sessionID: secondId, lastMsgId: '' });
    await client.next('reconnection_status');
    await world.say(session.id, 'old');
    await world.say(secondId, 'new');
    await expect.poll(() => labels(client.frames)).toEqual(['new']);
  });

  test('of another user are as missing as no session at all', async () => {
    const me = await world.newUser();
    const other = await world.newUser();
    const client = await world.connect(me.token);
    const answers = [];
    for (const id of [other.session.id, newId(), '__proto__', 'constructor']) {
      for (const frame of [
        { type: 'reconnect', sessionID: id, lastMsgId: '' },
        { type: 'message', sessionID: id, content: 'hi' },
        { type: 'cancel', session_id: id },
        { type: 'permission_response', session_id: id, id: newId(), granted: true },
      ]) {
        client.send(frame);
        const { error, code } = await client.next('error');
        answers.push(`${code}: ${error}`);
      }
    }
    expect(new Set(answers)).toEqual(new Set(['not_found: Session not found']));
    await world.say(other.session.id, 'secret');
    await sleep(50);
    expect(labels(client.frames)).toEqual([]);
  });

  test('a snapshot holds the unfinished, with the text so far', async () => {
    const { token, session } = await world.newUser();
    const { repositories } = database;
    const turn = await seedTurn(repositories, session);
    await repositories.turns.transition(turn.id, ['queued'], 'running', { now: 1 });
    const say = (text: string) =>
      world.publisher.delta(
        { session_id: session.id, message_id: message.id, delta_type: 'text', content: text },
        1,
      );
    const message = newMessage(session.id, {
      turnNumber: turn.number,
      index: 1,
      parts: [],
      finishedAt: null,
    });
    const finished = newMessage(session.id, { turnNumber: turn.number, index: 2 });
    const call = newToolCall(turn, { messageId: message.id, status: 'running' });
    await repositories.messages.insert(message);
    await repositories.messages.insert(finished);
    await repositories.toolCalls.insertMany([call]);
    const request = newPermissionRequest(call);
    await repositories.permissions.insert(request);
    await repositories.sessions.setTodos(
      session.id,
      [{ content: 'x', status: 'in_progress', activeForm: 'Doing x' }],
      5,
    );
    say('one ');
    const cursor = await world.publisher.flush(session.id);
    await repositories.messages.setParts(message.id, {
      parts: [{ type: 'text', text: 'one ' }],
      appliedCursor: cursor && `${cursor.epoch}-${cursor.seq}`,
      finishedAt: null,
      now: 5,
    });
    say('two ');
    await world.publisher.flush(session.id);

    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    const status = await client.next('reconnection_status');
    expect(status).toMatchObject({ is_running: true, generation_active: true, session_status: 'running' });
    const [first, tool, permission, todos, update] = client.frames;
    expect(client.frames).toHaveLength(6);
    expect(first).toMatchObject({ Type: 'message', ID: message.id, Parts: [{ text: 'one two ' }] });
    expect(tool).toMatchObject({ Type: 'tool_call_update', id: call.id, status: 'running' });
    expect(permission).toMatchObject({ Type: 'permission_request', id: request.id });
    expect(todos).toMatchObject({ Type: 'todos_update', current_task: 'Doing x' });
    expect(update).toMatchObject({ Type: 'session_update', id: session.id });
    say('three');
    const delta = await client.next('stream_delta');
    expect(delta).toMatchObject({ content: 'three', message_id: message.id });
    expect(client.frames.filter((frame) => frame.Type === 'stream_delta')).toHaveLength(1);
  });

  test('a new epoch gives everyone a snapshot', async () => {
    const { token, session } = await world.newUser();
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    const before = await client.next('reconnection_status');
    await world.log.takeOver(session.id, 9, true);
    const after = await client.next('reconnection_status');
    expect(after).toMatchObject({ resumed: false, reason: 'other_epoch' });
    expect(after.last_stream_id.slice(0, 16)).not.toBe(before.last_stream_id.slice(0, 16));
    await world.say(session.id, 'a');
    await expect.poll(() => labels(client.frames)).toEqual(['a']);
  });

  test('a message starts a turn, is echoed, and the same client_msg_id is one turn', async () => {
    const { token, session } = await world.newUser();
    const client = await world.connect(token);
    const frame = { type: 'message', sessionID: session.id, content: 'hello', client_msg_id: 'm-1' };
    client.send(frame);
    client.send(frame);
    const echo = await client.next('message');
    expect(echo).toMatchObject({
      Role: 'user',
      Parts: [{ text: 'hello' }, { reason: 'stop' }],
      SessionID: session.id,
    });
    expect(await client.next('session_status')).toMatchObject({ status: 'running', is_running: true });
    client.send({ ...frame, content: 'other' });
    expect(await client.next('error')).toMatchObject({
      code: 'idempotency_mismatch',
      client_msg_id: 'm-1',
      session_id: session.id,
    });
    expect(await database.repositories.turns.listUnfinished(session.id)).toHaveLength(1);
    expect(client.frames.filter((received) => received.Type === 'message')).toHaveLength(1);
    client.send({ type: 'cancel', sessionID: session.id });
    expect(await client.next('generation_complete')).toMatchObject({ status: 'cancelled' });
  });

  test('a permission answer settles the request for all who watch', async () => {
    const { token, session } = await world.newUser();
    const { repositories } = database;
    const turn = await seedTurn(repositories, session);
    const call = newToolCall(turn, { status: 'awaiting_permission' });
    await repositories.toolCalls.insertMany([call]);
    const request = newPermissionRequest(call);
    await repositories.permissions.insert(request);
    const [a, b] = [await world.connect(token), await world.connect(token)];
    for (const client of [a, b]) {
      client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
      await client.next('reconnection_status');
    }
    a.send({ type: 'permission_response', id: request.id, tool_call_id: call.id, session_id: session.id });
    expect(await a.next('error')).toMatchObject({ code: 'invalid_input' });
    a.send({
      type: 'permission_response',
      id: request.id,
      tool_call_id: call.id,
      session_id: session.id,
      granted: true,
      denied: false,
      allow_for_session: true,
    });
    for (const client of [a, b]) {
      expect(await client.next('permission_notification')).toMatchObject({ granted: true, denied: false });
    }
    b.send({ type: 'permission_response', id: request.id, session_id: session.id, denied: true });
    expect(await b.next('error')).toMatchObject({ code: 'permission_settled' });
    const { toolName, action, path } = request;
    expect(
      await repositories.permissions.hasGrant({ sessionId: session.id, toolName, action, path }, [
        WHOLE_DIRECTORY,
      ]),
    ).toBe(true);
  });

  test('a deleted session unbinds its sockets, which live on', async () => {
    const { token, session } = await world.newUser();
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    await client.next('reconnection_status');
    await database.repositories.sessions.delete(session.id);
    await world.bus.publish('session_deleted', { sessionId: session.id });
    expect(await client.next('error')).toMatchObject({ code: 'not_found', session_id: session.id });
    await world.say(session.id, 'late');
    client.send({ type: 'ping' });
    await client.next('pong');
    expect(labels(client.frames)).toEqual([]);
    expect(world.gateway.stats().sessions).toBeGreaterThanOrEqual(0);
  });

  test('facts of a transaction reach the socket after its commit only', async () => {
    const { token, session } = await world.newUser();
    const client = await world.connect(token);
    client.send({ type: 'reconnect', sessionID: session.id, lastMsgId: '' });
    await client.next('reconnection_status');
    const fact = (path: string) =>
      ({ Type: 'file_event', session_id: session.id, path, version: 1, additions: 0, removals: 0 }) as const;
    const failed = world.system.transaction(async (tx) => {
      await emit(tx, fact('rolled back'));
      throw new Error('no');
    });
    await expect(failed).rejects.toThrow('no');
    await world.system.transaction((tx) => emit(tx, fact('committed')));
    await expect.poll(() => labels(client.frames)).toEqual(['committed']);
  });
});
