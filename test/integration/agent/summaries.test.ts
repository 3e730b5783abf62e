import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '#domain/context.ts';
import type { ModelPart, ModelRequest } from '#domain/provider/index.ts';
import { cancelSession, submitPrompt, summarizeSession } from '#domain/turn/index.ts';
import { newId } from '#shared/ids.ts';
import type { AgentSettings } from '#ws/agent/index.ts';
import { call, type ScriptedAnswer, say, stall, USAGE } from '../../doubles/scripted-language-model.ts';
import { createTestDatabase } from '../../harness/database.ts';
import { until } from '../../harness/until.ts';
import { type AgentHarness, createAgentHarness, SELECTION, turnEnds } from './harness.ts';

let harness: AgentHarness | undefined;
let database: Database;

beforeAll(async () => {
  database = await createTestDatabase('postgres', inject('postgresUrl'));
});
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});
afterAll(() => database.close());

const CHARS_PER_TOKEN = 4;

interface Played {
  window?: number;
  settings?: Partial<AgentSettings>;
  answer(request: ModelRequest, at: number): ScriptedAnswer;
}

/** A model that refuses what does not fit into its window, by the size of the request. */
async function setUp({ window = 128_000, settings = {}, answer }: Played) {
  const requests: Array<{ isSummary: boolean; fits: boolean; text: string }> = [];
  const script: ScriptedAnswer[] = Array.from({ length: 200 }, (_, at) => (request, signal) => {
    const text = JSON.stringify(request.messages);
    const fits = text.length / CHARS_PER_TOKEN <= window;
    requests.push({ isSummary: isSummaryRequest(request), fits, text });
    return fits ? answer(request, at)(request, signal) : overflow();
  });
  const model = { ...SELECTION.model, contextWindow: window };
  harness = await createAgentHarness(database, script, {
    settings: { skipRequests: true, ...settings },
    resolveModel: async () => ({ ...SELECTION, model }),
  });
  harness.coordinator().start();
  return { ...harness, requests };
}

function overflow(): ModelPart[] {
  const error = { code: 'context_overflow' as const, message: 'prompt is too long', status: 400 };
  return [
    { type: 'finish', stopReason: 'error', usage: { ...USAGE, inputTokens: 0, outputTokens: 0 }, error },
  ];
}

function isSummaryRequest({ messages }: ModelRequest): boolean {
  return JSON.stringify(messages.at(-1)).includes('Write a summary that takes the place');
}

function withUsage(answer: ScriptedAnswer, inputTokens: number, outputTokens = 10): ScriptedAnswer {
  return async function* (request, signal) {
    for await (const part of answer(request, signal)) {
      yield part.type === 'finish' ? { ...part, usage: { ...USAGE, inputTokens, outputTokens } } : part;
    }
  };
}

async function run(content: string) {
  if (!harness) throw new Error('not set up');
  const { turnId } = await submitPrompt(harness.ctx, { sessionId: harness.session.id, content });
  return turnEnds(harness.repositories, turnId, 20_000);
}

const view = (file: string) => call({ name: 'view', input: { file_path: file } });

describe('a context that is too long', () => {
  test('for the model is summarized without its old results, and the turn goes on', async () => {
    const { workspace, requests, repositories, session } = await setUp({
      answer: (request, at) => {
        if (isSummaryRequest(request)) return say('what was read');
        return at < 6 ? view(`f${at}`) : say('done');
      },
    });
    for (let n = 0; n < 6; n++) {
      await writeFile(
        join(workspace.directory, `f${n}`),
        `line of file ${n} `.repeat(70).concat('\n').repeat(2_000),
      );
    }
    expect(await run('read all')).toMatchObject({ status: 'succeeded' });
    expect(
      requests.map(({ isSummary, fits }) => `${isSummary ? 'summary' : 'step'} ${fits}`).slice(-3),
    ).toEqual(['step false', 'summary true', 'step true']);
    const stored = await repositories.messages.list(session.id);
    const summary = stored.find(({ isSummary }) => isSummary);
    expect(summary?.parts).toMatchObject([{ text: 'what was read' }, { reason: 'end_turn' }]);
    expect((await repositories.sessions.get(session.id))?.summaryMessageId).toBe(summary?.id);
    expect(stored.filter(({ finishedAt }) => finishedAt === null)).toEqual([]);
    expect(await run('and now')).toMatchObject({ status: 'succeeded' });
  });

  test('is noticed before the call by the size of the results', async () => {
    const { workspace, requests } = await setUp({
      window: 36_000,
      answer: (request) =>
        isSummaryRequest(request) ? say('read') : requestsSoFar() === 1 ? view('f') : say('done'),
    });
    const requestsSoFar = () => requests.length;
    await writeFile(
      join(workspace.directory, 'f'),
      'a line of the file '.repeat(55).concat('\n').repeat(2_000),
    );
    expect(await run('read it')).toMatchObject({ status: 'succeeded' });
    expect(requests.map(({ isSummary, fits }) => [isSummary, fits])).toEqual([
      [false, true],
      [true, true],
      [false, true],
    ]);
  });

  test('even without results is summarized in the end', async () => {
    const { requests } = await setUp({
      window: 20_000,
      answer: (request) => (isSummaryRequest(request) ? say('short') : withUsage(say('yes'), 10)),
    });
    for (let n = 0; n < 5; n++) {
      expect(await run(`${n} ${'words and words '.repeat(1_200)}`)).toMatchObject({ status: 'succeeded' });
    }
    expect(requests.some(({ isSummary, fits }) => isSummary && fits)).toBe(true);
    expect(requests.at(-1)).toMatchObject({ isSummary: false, fits: true });
  });

  test('because of the prompt itself is said so, and the session stays usable', async () => {
    const { requests } = await setUp({
      answer: (request) => (isSummaryRequest(request) ? say('a long text was sent') : say('fine')),
    });
    const turn = await run('x'.repeat(900_000));
    expect(turn).toMatchObject({ status: 'failed', errorCode: 'model_context_overflow' });
    expect(turn.error).toMatch(/^This message is too long for the context of Scripted \(128000 tokens\)/);
    expect(requests).toHaveLength(1);
    for (const text of ['shorter', 'again']) expect(await run(text)).toMatchObject({ status: 'succeeded' });
    expect(requests.at(-1)?.text).toContain('a long text was sent');
  });

  test('whatever is done about it fails with a sentence', async () => {
    const { requests } = await setUp({ window: 100, answer: () => say('never') });
    expect(await run('hello')).toMatchObject({ status: 'failed', errorCode: 'model_context_overflow' });
    expect(await run('hello')).toMatchObject({ status: 'failed', errorCode: 'model_context_overflow' });
    expect(requests.length).toBeLessThan(12);
  });
});

describe('summaries by themselves', () => {
  test('give a turn no further steps, whoever takes it up again', async () => {
    const { requests, repositories, ctx, session } = await setUp({
      settings: { maxSteps: 6 },
      answer: (request, at) => {
        if (isSummaryRequest(request)) return say('sum');
        if (at === 5) return stall('half');
        return withUsage(view(`no${at}`), at === 3 ? 120_000 : 10);
      },
    });
    const { turnId } = await submitPrompt(ctx, { sessionId: session.id, content: 'go on and on' });
    await until(async () => requests.length === 6, 'the step after the summary');
    await harness?.coordinators[0]?.close({ drainMs: 0 });
    harness?.coordinator().start();
    expect(await turnEnds(repositories, turnId, 20_000)).toMatchObject({ errorCode: 'max_steps' });
    expect(requests.map(({ isSummary }) => isSummary)).toEqual(
      Array.from({ length: 8 }, (_, at) => at === 4),
    );
  });

  test('are made once when they do not help', async () => {
    const { requests } = await setUp({
      answer: (request, at) =>
        withUsage(
          isSummaryRequest(request) ? say('sum') : at % 5 === 4 ? say('ok') : view(`no${at}`),
          120_000,
          9_000,
        ),
    });
    for (const text of ['one', 'two', 'three'])
      expect(await run(text)).toMatchObject({ status: 'succeeded' });
    expect(requests.filter(({ isSummary }) => isSummary)).toHaveLength(1);
  });

  test('come again when the context had been smaller meanwhile', async () => {
    const sizes = [120_000, 5_000, 1_000, 120_000, 5_000, 1_000];
    const { requests } = await setUp({
      answer: (request, at) =>
        withUsage(isSummaryRequest(request) ? say('sum') : say('ok'), sizes[at] ?? 1_000),
    });
    for (const text of ['one', 'two', 'three', 'four']) await run(text);
    expect(requests.map(({ isSummary }) => isSummary)).toEqual([false, true, false, false, true, false]);
  });

  test('do not count what the model thought about them', async () => {
    const { requests, repositories, session } = await setUp({
      answer: (request) =>
        isSummaryRequest(request) ? withUsage(say('sum'), 120_000, 200_000) : withUsage(say('ok'), 110_000),
    });
    await run('one');
    await run('two');
    expect(requests.map(({ isSummary }) => isSummary)).toEqual([false, true, false]);
    const stored = await repositories.sessions.get(session.id);
    // The title's call, of which some microdollars may be in it, is of no account here.
    expect(stored?.cost).toBeCloseTo((110_000 * 2 + 10 * 2 * 2 + 120_000 + 200_000 * 2) / 1e6, 3);
  });

  test('count what the provider wrote into its cache', async () => {
    const { requests } = await setUp({
      answer: (request) =>
        async function* (asked, signal) {
          for await (const part of (isSummaryRequest(request) ? say('sum') : say('ok'))(asked, signal)) {
            const usage = {
              ...USAGE,
              inputTokens: 2,
              cacheWriteTokens: isSummaryRequest(request) ? 0 : 120_000,
            };
            yield part.type === 'finish' ? { ...part, usage } : part;
          }
        },
    });
    await run('one');
    await run('two');
    expect(requests.map(({ isSummary }) => isSummary)).toEqual([false, true, false]);
  });
});

test('every request has the todo list of its moment, behind a beginning that stays the same', async () => {
  const todos = (content: string) =>
    call({ name: 'todos', input: { todos: [{ content, status: 'pending', active_form: content }] } });
  const systems: unknown[] = [];
  const { requests } = await setUp({
    answer: (request, at) => {
      systems.push(request.messages[0]);
      if (isSummaryRequest(request)) return say('sum');
      if (at === 0) return todos('first');
      return at === 1 ? withUsage(todos('second'), 120_000) : say('ok');
    },
  });
  await run('plan');
  expect(requests.map(({ isSummary }) => isSummary)).toEqual([false, false, true, false]);
  expect(requests[1]?.text).toContain('- [pending] first');
  expect(requests[2]?.text).toContain('- [pending] second');
  expect(requests[3]?.text).toContain('- [pending] second');
  expect(new Set(systems.map((system) => JSON.stringify(system))).size).toBe(1);
});

describe('a summary that the user asks for', () => {
  test('takes the place of the history, costs what it costs, and ends as a turn', async () => {
    const { ctx, session, repositories, requests, frames } = await setUp({
      answer: (request) => (isSummaryRequest(request) ? say('all ', 'of it') : say('ok')),
    });
    await run('first words');
    const before = await repositories.sessions.get(session.id);
    const { turnId } = await summarizeSession(ctx, session.id);
    expect(await turnEnds(repositories, turnId)).toMatchObject({ status: 'succeeded', kind: 'summary' });
    const after = await repositories.sessions.get(session.id);
    expect(after?.cost).toBeGreaterThan(before?.cost ?? 0);
    await run('next');
    expect(requests.at(-1)?.text).toContain('all of it');
    expect(requests.at(-1)?.text).not.toContain('first words');
    const seen = await frames();
    expect(seen.filter(({ Type }) => Type === 'generation_complete')).toHaveLength(3);
    const told = seen.findLast((frame) => frame.Type === 'message' && frame.IsSummaryMessage);
    expect(told).toMatchObject({ Parts: [{ text: 'all of it' }, { reason: 'end_turn' }] });
  });

  test('is refused while a turn is unfinished, without anything new, and for no session', async () => {
    const { ctx, session, repositories } = await setUp({
      answer: (request) => (isSummaryRequest(request) ? say('sum') : say('ok')),
    });
    await expect(summarizeSession(ctx, session.id)).rejects.toMatchObject({ code: 'conflict' });
    await run('one');
    const { turnId } = await summarizeSession(ctx, session.id);
    await expect(summarizeSession(ctx, session.id)).rejects.toMatchObject({ code: 'conflict' });
    await turnEnds(repositories, turnId);
    await expect(summarizeSession(ctx, session.id)).rejects.toMatchObject({ code: 'conflict' });
    await expect(summarizeSession(ctx, newId())).rejects.toMatchObject({ code: 'not_found' });
  });

  test('can be cancelled, fails as a turn does, and survives its owner', async () => {
    let asked = 0;
    const { ctx, session, repositories, requests } = await setUp({
      answer: (request) => {
        if (!isSummaryRequest(request)) return say('ok');
        asked += 1;
        if (asked <= 2) return stall('half');
        return asked === 3 ? say('') : say('whole');
      },
    });
    await run('one');
    const first = await summarizeSession(ctx, session.id);
    await until(async () => asked === 1, 'the summary');
    await cancelSession(ctx, session.id);
    expect(await turnEnds(repositories, first.turnId)).toMatchObject({ status: 'cancelled' });
    expect((await repositories.sessions.get(session.id))?.summaryMessageId).toBeNull();

    const second = await summarizeSession(ctx, session.id);
    await until(async () => asked === 2, 'the summary');
    await harness?.coordinators[0]?.close({ drainMs: 1000 });
    harness?.coordinator().start();
    expect(await turnEnds(repositories, second.turnId)).toMatchObject({
      status: 'failed',
      error: 'The model wrote no summary',
    });

    const third = await summarizeSession(ctx, session.id);
    expect(await turnEnds(repositories, third.turnId)).toMatchObject({ status: 'succeeded' });
    await run('two');
    expect(requests.at(-1)?.text).toContain('whole');
    expect(requests.at(-1)?.text).not.toContain('half');
  });
});
