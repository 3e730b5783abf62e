import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '#domain/context.ts';
import { answerPermission } from '#domain/permission/index.ts';
import { cancelSession, type Lease, submitPrompt, type Turn } from '#domain/turn/index.ts';
import { sha256 } from '#shared/digest.ts';
import { newId } from '#shared/ids.ts';
import { bash, call, type ScriptedAnswer, say, stall } from '../../doubles/scripted-language-model.ts';
import { createTestDatabase, DATABASE_KINDS } from '../../harness/database.ts';
import { until } from '../../harness/until.ts';
import {
  type AgentHarness,
  createAgentHarness,
  type HarnessOptions,
  pendingRequest,
  turnEnds,
} from './harness.ts';

let harness: AgentHarness | undefined;

afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

describe.each(DATABASE_KINDS)('after the loss of an owner on %s', (kind) => {
  let database: Database;

  beforeAll(async () => {
    database = await createTestDatabase(kind, inject('postgresUrl'));
  });

  afterAll(() => database.close());

  async function setUp(script: ScriptedAnswer[], options: HarnessOptions = {}): Promise<AgentHarness> {
    harness = await createAgentHarness(database, script, { settings: { skipRequests: true }, ...options });
    return harness;
  }

  /** A turn that is claimed by an owner that never comes back; its lease has run out. */
  async function orphan({ ctx, session, repositories }: AgentHarness): Promise<{ turn: Turn; lease: Lease }> {
    await submitPrompt(ctx, { sessionId: session.id, content: 'go' });
    const claimed = await repositories.turns.claim('dead-owner', 1);
    if (!claimed) throw new Error('nothing to claim');
    return claimed;
  }

  /** What the dead owner had stored: an answer with one call, whose step was started. */
  async function startedCall(
    { session, repositories }: AgentHarness,
    { turn, lease }: { turn: Turn; lease: Lease },
    made: { name: string; input: object; effect: 'unsafe' | 'idempotent'; journal?: string },
  ): Promise<string> {
    const now = Date.now();
    const messageId = newId();
    const callId = newId();
    const input = JSON.stringify(made.input);
    await repositories.messages.insert({
      id: messageId,
      sessionId: session.id,
      turnNumber: turn.number,
      index: 1,
      role: 'assistant',
      parts: [
        { type: 'tool_call', id: callId, name: made.name, input, finished: true },
        { type: 'finish', reason: 'tool_use', time: now },
      ],
      model: 'scripted-1',
      provider: 'scripted',
      isSummary: false,
      finishedAt: now,
      appliedCursor: null,
      createdAt: now,
      updatedAt: now,
    });
    await repositories.toolCalls.insertMany([
      {
        id: callId,
        sessionId: session.id,
        messageId,
        turnId: turn.id,
        providerCallId: 'p0',
        name: made.name,
        input,
        status: 'running',
        result: null,
        isError: false,
        errorMessage: null,
        createdAt: now,
        updatedAt: now,
        startedAt: now,
        finishedAt: null,
      },
    ]);
    await repositories.steps.insert({
      turnId: turn.id,
      index: 0,
      kind: 'tool',
      tool: made.name,
      subjectId: callId,
      state: 'started',
      effect: made.effect,
      input: made.journal ?? null,
      output: null,
      token: lease.token,
      startedAt: now,
      finishedAt: null,
    });
    return callId;
  }

  test('a turn runs although the event log is ahead of the database', async () => {
    const { ctx, session, eventLog, frames, coordinator, repositories } = await setUp([say('ok')]);
    await eventLog.takeOver(session.id, 1_000_000, false);
    coordinator().start();
    const { turnId } = await submitPrompt(ctx, { sessionId: session.id, content: 'go' });
    expect(await turnEnds(repositories, turnId)).toMatchObject({ status: 'succeeded', attempt: 0 });
    const ends = (await frames()).filter(({ Type }) => Type === 'generation_complete');
    expect(ends).toMatchObject([{ status: 'completed' }]);
  });

  test('a turn that had not begun is run by another process', async () => {
    const found = await setUp([say('here')]);
    const { turn } = await orphan(found);
    found.coordinator().start();
    expect(await turnEnds(found.repositories, turn.id)).toMatchObject({ status: 'succeeded', attempt: 1 });
    expect((await found.frames()).filter(({ Type }) => Type === 'generation_complete')).toHaveLength(1);
  });

  test('a half-streamed answer is made again in the same message', async () => {
    const found = await setUp([say('whole')]);
    const { turn } = await orphan(found);
    const id = newId();
    const now = Date.now();
    await found.repositories.messages.insert({
      id,
      sessionId: found.session.id,
      turnNumber: turn.number,
      index: 1,
      role: 'assistant',
      parts: [{ type: 'text', text: 'ha' }],
      model: 'scripted-1',
      provider: 'scripted',
      isSummary: false,
      finishedAt: null,
      appliedCursor: null,
      createdAt: now,
      updatedAt: now,
    });
    found.coordinator().start();
    await turnEnds(found.repositories, turn.id);
    const stored = await found.repositories.messages.list(found.session.id);
    expect(stored).toHaveLength(2);
    expect(stored[1]).toMatchObject({ id, parts: [{ type: 'text', text: 'whole' }, { type: 'finish' }] });
  });

  test('a command that had been started is never run again', async () => {
    const found = await setUp([say('noted')]);
    const claimed = await orphan(found);
    await startedCall(found, claimed, {
      name: 'bash',
      input: { description: 'd', command: 'touch ran-twice' },
      effect: 'unsafe',
    });
    found.coordinator().start();
    expect(await turnEnds(found.repositories, claimed.turn.id)).toMatchObject({ status: 'succeeded' });
    expect(await found.workspace.stat('ran-twice')).toBeNull();
    expect(found.model.requests[0]?.messages.at(-1)).toMatchObject({
      results: [{ isError: true, text: expect.stringContaining('outcome is unknown') }],
    });
    expect(await found.repositories.steps.list(claimed.turn.id)).toContainEqual(
      expect.objectContaining({ kind: 'tool', state: 'unknown' }),
    );
  });

  test.each([
    ['had been written', 'new', 'completed before an interruption'],
    ['had not been written', null, 'File written'],
    ['was changed by somebody else', 'other', 'outcome is unknown'],
  ])('a file that %s is compared', async (_title, present, expected) => {
    const found = await setUp([say('ok')]);
    const claimed = await orphan(found);
    if (present !== null) await found.workspace.write('f', Buffer.from(present));
    await startedCall(found, claimed, {
      name: 'write',
      input: { file_path: 'f', content: 'new' },
      effect: 'idempotent',
      journal: JSON.stringify({ before: null, after: sha256('new') }),
    });
    found.coordinator().start();
    await turnEnds(found.repositories, claimed.turn.id);
    expect(found.model.requests[0]?.messages.at(-1)).toMatchObject({
      results: [{ text: expect.stringContaining(expected) }],
    });
    expect(await readFile(join(found.workspace.directory, 'f'), 'utf8')).toBe(
      present === 'other' ? 'other' : 'new',
    );
  });

  test('a turn that loses its owner again and again is given up', async () => {
    const found = await setUp([]);
    const { turn } = await orphan(found);
    for (let attempt = 1; attempt <= 4; attempt += 1) {
      await until(
        async () => (await found.repositories.turns.requeueExpired(10, 60_000)).length > 0,
        'the sweep',
      );
      if (attempt < 4) await found.repositories.turns.claim('dead-owner', 1);
    }
    found.coordinator().start();
    expect(await turnEnds(found.repositories, turn.id)).toMatchObject({
      status: 'failed',
      errorCode: 'crash_loop',
    });
  });

  test('a cancelled turn is not run again', async () => {
    const found = await setUp([]);
    const { turn } = await orphan(found);
    await cancelSession(found.ctx, found.session.id);
    found.coordinator().start();
    expect(await turnEnds(found.repositories, turn.id)).toMatchObject({ status: 'cancelled' });
  });

  test('a process that stops hands its model call to another one', async () => {
    const found = await setUp([stall('first ha'), say('second')]);
    const first = found.coordinator();
    first.start();
    const { turnId } = await submitPrompt(found.ctx, { sessionId: found.session.id, content: 'go' });
    await until(async () => (await found.frames()).some(({ Type }) => Type === 'stream_delta'), 'a delta');
    const second = found.coordinator();
    second.start();
    await first.close();
    expect(await turnEnds(found.repositories, turnId)).toMatchObject({ status: 'succeeded', attempt: 0 });
    const stored = await found.repositories.messages.list(found.session.id);
    expect(stored.map(({ parts }) => parts[0])).toMatchObject([{ text: 'go' }, { text: 'second' }]);
  });

  test('a process that stops ends its command, and the next one says so', async () => {
    const found = await setUp([call(bash('touch began; sleep 60')), say('I see')]);
    const first = found.coordinator();
    first.start();
    const { turnId } = await submitPrompt(found.ctx, { sessionId: found.session.id, content: 'go' });
    await until(async () => found.workspace.stat('began'), 'the command');
    await first.close();
    expect(found.workspace.running()).toBe(0);
    expect((await found.repositories.turns.get(turnId))?.status).toBe('queued');
    found.coordinator().start();
    expect(await turnEnds(found.repositories, turnId)).toMatchObject({ status: 'succeeded' });
    expect(found.model.requests).toHaveLength(2);
    expect(found.model.requests[1]?.messages.at(-1)).toMatchObject({
      results: [{ isError: true, text: expect.stringContaining('outcome is unknown') }],
    });
  });

  test('an owner whose lease was taken writes nothing more', async () => {
    const found = await setUp([stall('zombie'), say('heir')]);
    found.coordinator().start();
    const { turnId } = await submitPrompt(found.ctx, { sessionId: found.session.id, content: 'go' });
    await until(async () => (await found.frames()).some(({ Type }) => Type === 'stream_delta'), 'a delta');
    await found.repositories.turns.voidLeases();
    expect(await turnEnds(found.repositories, turnId, 20_000)).toMatchObject({
      status: 'succeeded',
      attempt: 1,
    });
    const stored = await found.repositories.messages.list(found.session.id);
    expect(stored.map(({ parts }) => parts[0])).toMatchObject([{ text: 'go' }, { text: 'heir' }]);
    expect((await found.frames()).filter(({ Type }) => Type === 'generation_complete')).toHaveLength(1);
  });

  test('a turn that waits survives every process', async () => {
    const found = await setUp([call(bash('touch x')), say('ok')], { settings: { skipRequests: false } });
    const first = found.coordinator();
    first.start();
    const { turnId } = await submitPrompt(found.ctx, { sessionId: found.session.id, content: 'go' });
    const request = await pendingRequest(found.repositories, found.session);
    await first.close();
    await answerPermission(found.ctx, {
      sessionId: found.session.id,
      requestId: request.id,
      decision: 'allow',
    });
    found.coordinator().start();
    expect(await turnEnds(found.repositories, turnId)).toMatchObject({ status: 'succeeded' });
    expect(await found.workspace.stat('x')).not.toBeNull();
  });
});
