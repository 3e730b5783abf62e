import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '#domain/context.ts';
import { cancelSession, submitPrompt } from '#domain/turn/index.ts';
import { dayOf } from '#domain/usage/index.ts';
import { call, type ScriptedAnswer, say, stall, USAGE } from '../../doubles/scripted-language-model.ts';
import { createTestDatabase, DATABASE_KINDS } from '../../harness/database.ts';
import { until } from '../../harness/until.ts';
import { newSession } from '../postgres/records.ts';
import {
  type AgentHarness,
  createAgentHarness,
  type HarnessOptions,
  SELECTION,
  turnEnds,
} from './harness.ts';

/** What one scripted call takes. */
const CALL = USAGE.inputTokens + USAGE.outputTokens + USAGE.cacheReadTokens + USAGE.cacheWriteTokens;

let harness: AgentHarness | undefined;
afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

/** Says something, and nothing of what it took. */
const leftAlone: ScriptedAnswer = async function* (request, signal) {
  for await (const part of stall('half an answer')(request, signal)) {
    if (part.type !== 'finish') yield part;
    else yield { ...part, usage: { ...USAGE, inputTokens: 0, outputTokens: 0, estimated: true } };
  }
};

describe.each(DATABASE_KINDS)('the share of a user on %s', (kind) => {
  let database: Database;
  beforeAll(async () => {
    database = await createTestDatabase(kind, inject('postgresUrl'));
  });
  afterAll(() => database.close());

  async function start(script: ScriptedAnswer[], options: HarnessOptions): Promise<AgentHarness> {
    harness = await createAgentHarness(database, script, options);
    harness.coordinator().start();
    return harness;
  }

  async function run(set: AgentHarness, content: string) {
    const { turnId } = await submitPrompt(set.ctx, { sessionId: set.session.id, content });
    return turnEnds(set.repositories, turnId);
  }

  const stored = (set: AgentHarness) => set.repositories.usage.tokensOf(set.user.id, dayOf(Date.now()));

  test('of the operator’s models ends a turn with a sentence once it is used up, titles included', async () => {
    const set = await start([say('one'), say('two'), say('three')], { settings: { tokensPerDay: 3 * CALL } });
    expect(await run(set, 'first')).toMatchObject({ status: 'succeeded' });
    await until(async () => (await stored(set)) === 2 * CALL, 'the tokens of answer and title');
    expect(await run(set, 'second')).toMatchObject({ status: 'succeeded' });
    expect(await stored(set)).toBe(3 * CALL);
    const refused = await run(set, 'third');
    expect(refused).toMatchObject({ status: 'failed', errorCode: 'limit_reached' });
    expect(refused.error).toMatch(
      /^Your share of the operator's model for today is used up \(\d+ tokens\); add your own key or wait until \d{4}-\d\d-\d\d 00:00 UTC\.$/,
    );
    expect(await stored(set)).toBe(3 * CALL);
  });

  test('is asked before each call of a turn', async () => {
    const calls: ScriptedAnswer[] = Array.from({ length: 10 }, (_, n) =>
      call({ name: 'ls', input: { path: n % 2 ? '.' : './' } }),
    );
    const set = await start(calls, { settings: { tokensPerDay: 4 * CALL } });
    expect(await run(set, 'go')).toMatchObject({ status: 'failed', errorCode: 'limit_reached' });
    const used = await until(async () => (await stored(set)) >= 4 * CALL && stored(set), 'the share');
    // The title's call may be under way when the turn's last one begins.
    expect(used).toBeLessThanOrEqual(5 * CALL);
  });

  test('counts a call that is left before it says what it took', async () => {
    const set = await start([leftAlone], { settings: { tokensPerDay: 1_000_000 } });
    const { turnId } = await submitPrompt(set.ctx, { sessionId: set.session.id, content: 'go' });
    await until(async () => (await set.frames()).some(({ Type }) => Type === 'stream_delta'), 'a delta');
    await cancelSession(set.ctx, set.session.id);
    await turnEnds(set.repositories, turnId);
    await until(async () => (await stored(set)) > CALL, 'the tokens');
  });

  test('is not touched by who brings a key', async () => {
    const resolveModel = async () => ({ ...SELECTION, operatorPays: false });
    const set = await start([say('one'), say('two')], { settings: { tokensPerDay: 1 }, resolveModel });
    expect(await run(set, 'first')).toMatchObject({ status: 'succeeded' });
    expect(await run(set, 'second')).toMatchObject({ status: 'succeeded' });
    expect(await stored(set)).toBe(0);
  });

  test('of the workers is what its limit says, whatever waits in other sessions', async () => {
    const set = await start([stall('a'), stall('b'), stall('c')], { settings: { maxRunningPerUser: 2 } });
    const sessions = [set.session, newSession(set.project), newSession(set.project)];
    for (const session of sessions.slice(1)) await set.repositories.sessions.insert(session);
    const turns: string[] = [];
    for (const { id } of sessions) {
      turns.push((await submitPrompt(set.ctx, { sessionId: id, content: 'go' })).turnId);
    }
    const statuses = async () =>
      (await Promise.all(turns.map((id) => set.repositories.turns.get(id)))).map((turn) => turn?.status);
    await until(async () => (await statuses()).filter((status) => status === 'running').length === 2, 'two');
    await cancelSession(set.ctx, set.session.id);
    await until(async () => (await statuses()).join() === 'cancelled,running,running', 'the third');
    for (const { id } of sessions) await cancelSession(set.ctx, id);
    await until(async () => (await statuses()).every((status) => status === 'cancelled'), 'the end');
  });
});
