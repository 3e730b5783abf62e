import { readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '#domain/context.ts';
import { DomainError } from '#domain/errors.ts';
import { answerPermission } from '#domain/permission/index.ts';
import type { SessionFrame, StreamDelta } from '#domain/protocol/index.ts';
import { cancelSession, submitPrompt } from '#domain/turn/index.ts';
import { sha256 } from '#shared/digest.ts';
import {
  bash,
  call,
  fail,
  finish,
  type ScriptedAnswer,
  say,
  stall,
  USAGE,
} from '../../doubles/scripted-language-model.ts';
import { createTestDatabase, DATABASE_KINDS } from '../../harness/database.ts';
import { until } from '../../harness/until.ts';
import {
  type AgentHarness,
  createAgentHarness,
  type HarnessOptions,
  pendingRequest,
  SELECTION,
  turnEnds,
} from './harness.ts';

const byText = (a: string | false, b: string | false) => String(a).localeCompare(String(b));

let harness: AgentHarness | undefined;

afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

describe.each(DATABASE_KINDS)('a turn on %s', (kind) => {
  let database: Database;

  beforeAll(async () => {
    database = await createTestDatabase(kind, inject('postgresUrl'));
  });

  afterAll(() => database.close());

  async function setUp(script: ScriptedAnswer[], options?: HarnessOptions): Promise<AgentHarness> {
    harness = await createAgentHarness(database, script, options);
    return harness;
  }

  function prompt(content: string, idempotencyKey?: string) {
    if (!harness) throw new Error('not set up');
    return submitPrompt(harness.ctx, { sessionId: harness.session.id, content, idempotencyKey });
  }

  async function run(content = 'hello') {
    if (!harness) throw new Error('not set up');
    harness.coordinator().start();
    const { turnId } = await prompt(content);
    return turnEnds(harness.repositories, turnId);
  }

  async function messages() {
    if (!harness) throw new Error('not set up');
    return harness.repositories.messages.list(harness.session.id);
  }

  /** The errors that clients are shown, and whether the message that each of them names was there before. */
  async function errorsTold() {
    const frames = (await harness?.frames()) ?? [];
    return frames.flatMap((frame, at) => {
      if (frame.Type !== 'stream_delta' || frame.delta_type !== 'error') return [];
      const known = frames
        .slice(0, at)
        .some((other) => other.Type === 'message' && other.ID === frame.message_id);
      return [{ message: frame.message_id, content: frame.content, known }];
    });
  }

  /** Somebody took the turn and never came back. */
  async function loseOwner(): Promise<void> {
    const { turns } = database.repositories;
    await turns.claim('gone', 0);
    await until(async () => (await turns.requeueExpired(10, 60_000)).length > 0, 'the end of the lease');
  }

  function ends(frames: SessionFrame[]) {
    return frames.filter(({ Type }) => Type === 'generation_complete');
  }

  test('answers, and the deltas are the stored text', async () => {
    const { frames, session, repositories } = await setUp([say('Hel', 'lo ', '😀')]);
    expect(await run()).toMatchObject({ status: 'succeeded', error: null });
    const [user, assistant] = await messages();
    expect(user).toMatchObject({ role: 'user', index: 0, parts: [{ type: 'text', text: 'hello' }] });
    const echo = (await frames()).find((frame) => frame.Type === 'message' && frame.Role === 'user');
    expect(echo).toMatchObject({
      Parts: [
        { type: 'text', text: 'hello' },
        { type: 'finish', reason: 'stop', time: user?.createdAt },
      ],
    });
    expect(assistant?.parts).toMatchObject([
      { type: 'text', text: 'Hello 😀' },
      { type: 'finish', reason: 'end_turn' },
    ]);
    const seen = await frames();
    const deltas = seen.filter((frame): frame is StreamDelta => frame.Type === 'stream_delta');
    expect(
      deltas
        .filter((delta) => delta.delta_type === 'text')
        .map(({ content }) => content)
        .join(''),
    ).toBe('Hello 😀');
    const announced = seen.findIndex((frame) => frame.Type === 'message' && frame.ID === assistant?.id);
    expect(announced).toBeLessThan(seen.findIndex((frame) => frame.Type === 'stream_delta'));
    expect(ends(seen)).toMatchObject([{ status: 'completed' }]);
    const stored = await until(async () => {
      const now = await repositories.sessions.get(session.id);
      return now?.title === 'A title' && now;
    }, 'the title');
    expect(stored).toMatchObject({ messageCount: 2, promptTokens: 100, completionTokens: 10 });
    expect(stored.cost).toBeGreaterThanOrEqual(0.00012);
  });

  test('runs several tool steps and gives each call one result', async () => {
    const { workspace, model } = await setUp(
      [
        call({ name: 'write', input: { file_path: 'a.txt', content: 'one\n' } }),
        call(
          { name: 'ls', input: {} },
          { name: 'view', input: { file_path: 'a.txt' } },
          { name: 'grep', input: { pattern: 'one' } },
        ),
        call({ name: 'edit', input: { file_path: 'a.txt', old_string: 'one', new_string: 'two' } }),
        call(bash('cat a.txt')),
        say('done'),
      ],
      { settings: { allowedTools: ['write:write', 'edit', 'bash'] } },
    );
    expect(await run()).toMatchObject({ status: 'succeeded' });
    expect(await readFile(join(workspace.directory, 'a.txt'), 'utf8')).toBe('two\n');
    const stored = await messages();
    expect(stored.map(({ role }) => role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
    ]);
    const parallel = stored[4]?.parts.map((part) => part.type === 'tool_result' && part.name);
    expect(parallel).toEqual(['ls', 'view', 'grep']);
    const last = model.requests.at(-1)?.messages.at(-1);
    expect(last).toMatchObject({
      role: 'tool',
      results: [{ toolName: 'bash', text: 'two\n\n\n<cwd>/workspace</cwd>' }],
    });
    const [file] = (await harness?.repositories.fileVersions.list(harness.session.id, { limit: 10 })) ?? [];
    const path = file?.path ?? '';
    const page = { maxBytes: 1000 };
    const history = await harness?.repositories.fileVersions.listOf(harness.session.id, path, page);
    expect(history?.versions.map(({ version, content }) => [version, content])).toEqual([
      [0, ''],
      [1, 'one\n'],
      [2, 'two\n'],
    ]);
    expect((await harness?.frames())?.filter(({ Type }) => Type === 'file_event')).toHaveLength(2);
  });

  test('answers unknown tools, broken JSON and missing keys with errors and goes on', async () => {
    const { model } = await setUp([
      call(
        { name: 'nope', input: {} },
        { name: 'view', input: {}, raw: '{"file' },
        { name: 'view', input: {} },
      ),
      say('sorry'),
    ]);
    expect(await run()).toMatchObject({ status: 'succeeded' });
    const results = model.requests[1]?.messages.flatMap((message) =>
      message.role === 'tool' ? message.results : [],
    );
    expect(results?.map(({ isError }) => isError)).toEqual([true, true, true]);
    expect(results?.[2]?.text).toContain('file_path');
  });

  test('does not run the calls of an answer that was cut', async () => {
    const { workspace } = await setUp(
      [
        () => [
          {
            type: 'tool_call',
            callId: 'x',
            name: 'bash',
            input: JSON.stringify({ description: 'd', command: 'touch x' }),
          },
          finish('length'),
        ],
      ],
      { settings: { skipRequests: true } },
    );
    expect(await run()).toMatchObject({ status: 'succeeded' });
    expect(await workspace.stat('x')).toBeNull();
    expect((await messages()).at(-1)).toMatchObject({ role: 'tool', parts: [{ is_error: true }] });
  });

  test('waits for an answer without holding anything, and runs what was allowed', async () => {
    const { repositories, session, ctx, workspace, frames } = await setUp([
      call(bash('echo hi > f; cat f')),
      say('ok'),
    ]);
    harness?.coordinator().start();
    const { turnId } = await prompt('do it');
    const request = await pendingRequest(repositories, session);
    expect(request).toMatchObject({
      toolName: 'bash',
      action: 'execute',
      path: '/workspace',
      params: { command: 'echo hi > f; cat f' },
    });
    expect((await repositories.turns.get(turnId))?.status).toBe('waiting');
    expect(await workspace.stat('f')).toBeNull();
    await answerPermission(ctx, { sessionId: session.id, requestId: request.id, decision: 'allow' });
    await expect(
      answerPermission(ctx, { sessionId: session.id, toolCallId: request.toolCallId, decision: 'deny' }),
    ).rejects.toMatchObject({ code: 'permission_settled' });
    expect(await turnEnds(repositories, turnId)).toMatchObject({ status: 'succeeded' });
    expect(await workspace.stat('f')).not.toBeNull();
    const seen = await frames();
    expect(ends(seen)).toHaveLength(1);
    expect(seen.filter(({ Type }) => Type === 'permission_notification')).toMatchObject([
      { granted: true, by: harness?.user.id },
    ]);
    const statuses = seen.flatMap((frame) => (frame.Type === 'tool_call_update' ? [frame.status] : []));
    expect(statuses.filter((status, at) => status !== statuses[at - 1])).toEqual([
      'pending',
      'awaiting_permission',
      'pending',
      'running',
      'completed',
    ]);
    const told = seen.findIndex(({ Type }) => Type === 'permission_notification');
    expect(seen[told - 1]).toMatchObject({ Type: 'tool_call_update', status: 'pending' });
  });

  test('ends after the step when the user denies', async () => {
    const { repositories, session, ctx, workspace, model, frames } = await setUp([
      call(bash('touch x'), bash('ls')),
    ]);
    harness?.coordinator().start();
    const { turnId } = await prompt('do it');
    const request = await pendingRequest(repositories, session);
    await answerPermission(ctx, { sessionId: session.id, requestId: request.id, decision: 'deny' });
    expect(await turnEnds(repositories, turnId)).toMatchObject({ status: 'succeeded' });
    expect(await workspace.stat('x')).toBeNull();
    expect(model.requests).toHaveLength(1);
    const assistant = (await messages()).find(({ role }) => role === 'assistant');
    expect(assistant?.parts.at(-1)).toMatchObject({ type: 'finish', reason: 'permission_denied' });
    const seen = await frames();
    const last = (of: (frame: SessionFrame) => boolean) => seen.findLastIndex(of);
    const refinished = last((frame) => frame.Type === 'message' && frame.ID === assistant?.id);
    expect(refinished).toBeLessThan(
      last((frame) => frame.Type === 'tool_call_update' && frame.status === 'error'),
    );
    expect(refinished).toBeLessThan(last((frame) => frame.Type === 'message' && frame.Role === 'tool'));
    expect((await repositories.toolCalls.list(session.id)).map(({ status }) => status)).toEqual([
      'error',
      'completed',
    ]);
  });

  test('asks once when the answer holds for the session, and again in another directory', async () => {
    const write = (path: string) => call({ name: 'write', input: { file_path: path, content: 'x' } });
    const { repositories, session, ctx } = await setUp([write('a/1'), write('a/2'), write('b/1'), say('ok')]);
    harness?.coordinator().start();
    const { turnId } = await prompt('write');
    const first = await pendingRequest(repositories, session);
    await answerPermission(ctx, { sessionId: session.id, requestId: first.id, decision: 'allow_session' });
    const second = await pendingRequest(repositories, session);
    expect([first.path, second.path]).toEqual(['/workspace/a', '/workspace/b']);
    await answerPermission(ctx, { sessionId: session.id, requestId: second.id, decision: 'allow' });
    expect(await turnEnds(repositories, turnId)).toMatchObject({ status: 'succeeded' });
  });

  test('an answer for the session lets commands run as it was shown, and no others', async () => {
    const bash = (command: string) => call({ name: 'bash', input: { description: 'd', command } });
    const { repositories, session, ctx, workspace } = await setUp([
      bash('touch a && echo x'),
      bash('ls; touch b'),
      bash('rm -f a'),
      say('ok'),
    ]);
    harness?.coordinator().start();
    const { turnId } = await prompt('go');
    const first = await pendingRequest(repositories, session);
    expect(first.description).toBe('Run the command: touch a && echo x (for the session: touch …)');
    await answerPermission(ctx, { sessionId: session.id, requestId: first.id, decision: 'allow_session' });
    const second = await pendingRequest(repositories, session);
    expect(second).toMatchObject({ params: { command: 'rm -f a' }, scopes: ['["rm","-f","a"]'] });
    await answerPermission(ctx, { sessionId: session.id, requestId: second.id, decision: 'deny' });
    await turnEnds(repositories, turnId);
    expect(await workspace.stat('a')).not.toBeNull();
    expect(await workspace.stat('b')).not.toBeNull();
  });

  test('asks for protected files whatever was allowed', async () => {
    const { repositories, session, ctx, workspace } = await setUp(
      [call({ name: 'write', input: { file_path: '.git/hooks/pre-commit', content: '#!/bin/sh' } })],
      { settings: { allowedTools: ['write'] } },
    );
    harness?.coordinator().start();
    const { turnId } = await prompt('hook');
    const request = await pendingRequest(repositories, session);
    await answerPermission(ctx, { sessionId: session.id, requestId: request.id, decision: 'deny' });
    await turnEnds(repositories, turnId);
    expect(await workspace.stat('.git')).toBeNull();
  });

  test('asks again when the file changed after the approval was given for it', async () => {
    const { repositories, session, ctx, workspace } = await setUp([
      call({ name: 'view', input: { file_path: 'a' } }),
      call({ name: 'edit', input: { file_path: 'a', old_string: 'one', new_string: 'two' } }),
      say('ok'),
    ]);
    const file = join(workspace.directory, 'a');
    await writeFile(file, 'one\n');
    harness?.coordinator().start();
    const { turnId } = await prompt('edit');
    const request = await pendingRequest(repositories, session);
    await writeFile(file, 'one\nmore\n');
    await repositories.fileReads.record(session.id, '/workspace/a', {
      digest: sha256('one\nmore\n'),
      readAt: Date.now(),
    });
    await answerPermission(ctx, { sessionId: session.id, requestId: request.id, decision: 'allow' });
    const again = await until(async () => {
      const open = (await repositories.permissions.listPending(session.id))[0];
      return open?.id !== request.id && open;
    }, 'a second request');
    expect(again.params).toMatchObject({ old_content: 'one\nmore\n' });
    await answerPermission(ctx, { sessionId: session.id, requestId: again.id, decision: 'allow' });
    expect(await turnEnds(repositories, turnId)).toMatchObject({ status: 'succeeded' });
    expect(await readFile(file, 'utf8')).toBe('two\nmore\n');
  });

  test('goes on when nobody answers in time', async () => {
    const { model, workspace, frames } = await setUp([call(bash('touch x')), say('too late')], {
      settings: { permissionTimeoutMs: 200 },
    });
    expect(await run()).toMatchObject({ status: 'succeeded' });
    expect(await workspace.stat('x')).toBeNull();
    expect(model.requests[1]?.messages.at(-1)).toMatchObject({
      results: [{ isError: true, text: expect.stringContaining('timed out') }],
    });
    expect((await frames()).filter(({ Type }) => Type === 'permission_notification')).toMatchObject([
      { denied: true },
    ]);
  });

  test('is cancelled while the model streams', async () => {
    const { repositories, session, ctx, frames } = await setUp([stall('half an ans')]);
    harness?.coordinator().start();
    const { turnId } = await prompt('go');
    await until(async () => (await frames()).some(({ Type }) => Type === 'stream_delta'), 'a delta');
    expect(await cancelSession(ctx, session.id)).toEqual({ cancelled: 0, stopping: true });
    expect(await turnEnds(repositories, turnId, 5000)).toMatchObject({ status: 'cancelled' });
    expect((await messages()).at(-1)?.parts).toMatchObject([
      { type: 'text', text: 'half an ans' },
      { type: 'finish', reason: 'canceled' },
    ]);
    expect(ends(await frames())).toMatchObject([{ status: 'cancelled' }]);
  });

  test('is cancelled while a command runs, and leaves no process', async () => {
    const { repositories, session, ctx, workspace, frames } = await setUp(
      [call(bash('sleep 60 & sleep 60'))],
      {
        settings: { skipRequests: true },
      },
    );
    harness?.coordinator().start();
    const { turnId } = await prompt('go');
    await until(async () => workspace.running() > 0, 'the command');
    await cancelSession(ctx, session.id);
    expect(await turnEnds(repositories, turnId, 5000)).toMatchObject({ status: 'cancelled' });
    await until(async () => workspace.running() === 0, 'the end of the command');
    expect(await repositories.toolCalls.list(session.id)).toMatchObject([
      { status: 'cancelled', isError: true },
    ]);
    expect((await messages()).at(-1)).toMatchObject({ role: 'tool', parts: [{ is_error: true }] });
    expect(ends(await frames())).toHaveLength(1);
  });

  test('is cancelled while it waits, with its queue', async () => {
    const { repositories, session, ctx, frames } = await setUp([call(bash('touch x'))]);
    harness?.coordinator().start();
    const first = await prompt('go');
    await pendingRequest(repositories, session);
    const second = await prompt('and then');
    expect(await cancelSession(ctx, session.id)).toEqual({ cancelled: 2, stopping: false });
    for (const { turnId } of [first, second]) {
      expect((await repositories.turns.get(turnId))?.status).toBe('cancelled');
    }
    expect(await repositories.permissions.listPending(session.id)).toEqual([]);
    const seen = await frames();
    expect(
      ends(seen)
        .map((frame) => 'turn_id' in frame && frame.turn_id)
        .sort(byText),
    ).toEqual([first.turnId, second.turnId].sort(byText));
    expect(seen.filter(({ Type }) => Type === 'session_status').at(-1)).toMatchObject({
      status: 'cancelled',
      is_running: false,
    });
  });

  test('fails with the error of the model, and the session stays usable', async () => {
    const { frames, repositories, model } = await setUp([fail('The provider is down', 'I wi'), say('back')]);
    expect(await run()).toMatchObject({
      status: 'failed',
      error: 'The provider is down',
      errorCode: 'model_unavailable',
    });
    expect((await messages()).at(-1)?.parts).toMatchObject([
      { type: 'text', text: 'I wi' },
      { type: 'finish', reason: 'error', message: 'The provider is down', details: 'unavailable (HTTP 503)' },
    ]);
    expect(ends(await frames())).toMatchObject([{ status: 'error', error: 'The provider is down' }]);
    const { turnId } = await prompt('again');
    expect(await turnEnds(repositories, turnId)).toMatchObject({ status: 'succeeded' });
    expect(model.requests[1]?.messages.map(({ role }) => role)).toEqual([
      'system',
      'user',
      'assistant',
      'user',
    ]);
  });

  test('withdraws what a retried call had streamed', async () => {
    await setUp([
      () => [
        { type: 'text', text: 'wrong' },
        { type: 'restart', attempt: 1, reason: 'cut' },
        { type: 'text', text: 'right' },
        { type: 'finish', stopReason: 'stop', usage: USAGE },
      ],
    ]);
    await run();
    expect((await messages())[1]?.parts[0]).toEqual({ type: 'text', text: 'right' });
    const seen = (await harness?.frames()) ?? [];
    const reset = seen.findLastIndex(
      (frame) => frame.Type === 'message' && frame.Role === 'assistant' && frame.Parts.length === 0,
    );
    const rest = seen.slice(reset).flatMap((frame) => (frame.Type === 'stream_delta' ? [frame.content] : []));
    expect(rest.join('')).toBe('right');
  });

  test('stops a model that repeats itself', async () => {
    const same = call({ name: 'glob', input: { pattern: '*.nothing' } });
    await setUp(Array.from({ length: 10 }, () => same));
    expect(await run()).toMatchObject({ status: 'failed', errorCode: 'loop_detected' });
  });

  test('stops after the allowed number of steps', async () => {
    const step = (at: number) => call({ name: 'glob', input: { pattern: `*.${at}` } });
    await setUp([step(1), step(2), step(3)], { settings: { maxSteps: 2 } });
    expect(await run()).toMatchObject({ status: 'failed', errorCode: 'max_steps' });
  });

  test('a hundred copies of one prompt are one turn', async () => {
    const { repositories, session, frames } = await setUp([say('once')]);
    harness?.coordinator().start();
    const answers = await Promise.all(Array.from({ length: 100 }, () => prompt('same', 'key-1')));
    expect(new Set(answers.map(({ turnId }) => turnId)).size).toBe(1);
    expect(answers.filter(({ created }) => created)).toHaveLength(1);
    await turnEnds(repositories, answers[0]?.turnId ?? '');
    expect(await repositories.messages.list(session.id)).toHaveLength(2);
    expect(ends(await frames())).toHaveLength(1);
    await expect(prompt('other', 'key-1')).rejects.toMatchObject({ code: 'idempotency_mismatch' });
  });

  test('queued prompts run in order', async () => {
    const { repositories } = await setUp([say('1'), say('2'), say('3')]);
    const turns = [await prompt('a'), await prompt('b'), await prompt('c')];
    harness?.coordinator().start();
    await turnEnds(repositories, turns[2]?.turnId ?? '');
    const texts = (await messages())
      .map((message) => message.parts[0])
      .map((part) => part?.type === 'text' && part.text);
    expect(texts).toEqual(['a', '1', 'b', '2', 'c', '3']);
  });

  test('todos reach the session and its clients', async () => {
    const todos = [{ content: 'build', status: 'in_progress', active_form: 'building' }];
    const { repositories, session, frames } = await setUp([
      call({ name: 'todos', input: { todos } }),
      say('ok'),
    ]);
    await run();
    expect((await repositories.sessions.get(session.id))?.todos).toEqual([
      { content: 'build', status: 'in_progress', activeForm: 'building' },
    ]);
    expect((await frames()).filter(({ Type }) => Type === 'todos_update')).toMatchObject([
      { current_task: 'building', total: 1 },
    ]);
  });

  test('a session without a model gets the reason as an answer', async () => {
    await setUp([], {
      resolveModel: async () => {
        throw new DomainError('model_not_configured', 'Choose a model first');
      },
    });
    expect(await run()).toMatchObject({ status: 'failed', errorCode: 'model_not_configured' });
    const answer = (await messages()).at(-1);
    expect(answer?.parts).toMatchObject([
      { type: 'finish', reason: 'error', message: 'Choose a model first' },
    ]);
    expect(await errorsTold()).toEqual([
      { message: answer?.id, content: 'Choose a model first', known: true },
    ]);
  });

  test.each([
    ['a model that fails', { script: [fail('The model is down', 'half')], error: 'The model is down' }],
    [
      'a server that stops repeatedly',
      { attempt: 4, error: 'The server running this turn stopped repeatedly' },
    ],
    ['a failure that nobody expected', { error: 'Internal error' }],
    [
      'a turn that takes too long',
      { script: [stall('x')], taskTimeoutMs: 400, error: 'The turn took longer than 0 seconds' },
    ],
    ['too many steps', { script: [call(bash('ls')), call(bash('ls'))], error: 'Stopped after 1 steps' }],
  ])(
    '%s is told to clients as an error of the message that holds it',
    async (_, {
      script = [],
      attempt,
      taskTimeoutMs = 60_000,
      error,
    }: { script?: ScriptedAnswer[]; attempt?: number; taskTimeoutMs?: number; error: string }) => {
      const { repositories } = await setUp(script, { settings: { maxSteps: 1, taskTimeoutMs } });
      const { turnId } = await prompt('hello');
      for (let n = 0; n < (attempt ?? 0); n++) await loseOwner();
      harness?.coordinator().start();
      expect(await turnEnds(repositories, turnId)).toMatchObject({ status: 'failed', error });
      const answer = (await messages()).findLast(({ role }) => role === 'assistant');
      expect(answer?.parts.at(-1)).toMatchObject({ type: 'finish', reason: 'error', message: error });
      expect(await errorsTold()).toEqual([{ message: answer?.id, content: error, known: true }]);
    },
  );

  test('a failure that nobody expected ends the turn', async () => {
    const { repositories, session } = await setUp([]);
    expect(await run()).toMatchObject({ status: 'failed', errorCode: 'internal' });
    expect(await repositories.turns.listUnfinished(session.id)).toEqual([]);
  });

  test('a full context is replaced by a summary, from which later turns start', async () => {
    const model = { ...SELECTION.model, contextWindow: 130 };
    const found = await setUp([say('one'), say('the summary'), say('two'), say('another'), say('three')], {
      resolveModel: async () => ({ ...SELECTION, model }),
    });
    await run('first');
    await turnEnds(found.repositories, (await prompt('second')).turnId);
    expect(found.model.requests[2]?.messages.slice(1)).toMatchObject([
      { role: 'user', parts: [{ text: 'the summary' }] },
      {
        role: 'user',
        parts: [
          { text: expect.stringContaining('second') },
          { text: expect.stringContaining('As this turn began') },
        ],
      },
    ]);
    const summary = (await messages()).find(({ isSummary }) => isSummary);
    expect((await found.repositories.sessions.get(found.session.id))?.summaryMessageId).toBe(summary?.id);
    await turnEnds(found.repositories, (await prompt('third')).turnId);
    const texts = JSON.stringify(found.model.requests[3]?.messages.slice(1));
    expect(texts).toContain('the summary');
    expect(texts).toContain('third');
    expect(texts).not.toContain('first');
    expect((await found.frames()).filter(({ Type }) => Type === 'generation_complete')).toHaveLength(3);
  });

  test('ends after its time', async () => {
    await setUp([stall('thinking')], { settings: { taskTimeoutMs: 300 } });
    expect(await run()).toMatchObject({ status: 'failed', errorCode: 'timeout' });
    expect((await messages()).at(-1)?.parts.at(-1)).toMatchObject({ type: 'finish', reason: 'error' });
  });
});
