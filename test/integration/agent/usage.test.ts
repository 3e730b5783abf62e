import { afterAll, afterEach, beforeAll, describe, expect, inject, test } from 'vitest';
import type { Database } from '#domain/context.ts';
import type { ModelPart, Usage } from '#domain/provider/index.ts';
import type { Session } from '#domain/session/index.ts';
import { cancelSession, submitPrompt } from '#domain/turn/index.ts';
import { fail, type ScriptedAnswer, say, stall, USAGE } from '../../doubles/scripted-language-model.ts';
import { createTestDatabase, DATABASE_KINDS } from '../../harness/database.ts';
import { until } from '../../harness/until.ts';
import { type AgentHarness, createAgentHarness, turnEnds } from './harness.ts';

let harness: AgentHarness | undefined;

afterEach(async () => {
  await harness?.close();
  harness = undefined;
});

/** By the prices of the harness's model, in dollars; the title's call may be in it or not. */
const COST = (USAGE.inputTokens + 2 * USAGE.outputTokens) / 1e6;

function withdrawn(usage: Usage, then: ScriptedAnswer): ScriptedAnswer {
  return async function* (request, signal): AsyncGenerator<ModelPart> {
    yield { type: 'text', text: 'half' };
    yield { type: 'restart', attempt: 1, reason: 'cut', usage };
    for await (const part of then(request, signal)) yield part;
  };
}

describe.each(DATABASE_KINDS)('what a model call took on %s', (kind) => {
  let database: Database;

  beforeAll(async () => {
    database = await createTestDatabase(kind, inject('postgresUrl'));
  });

  afterAll(() => database.close());

  async function start(script: ScriptedAnswer[]): Promise<{ set: AgentHarness; turnId: string }> {
    harness = await createAgentHarness(database, script);
    harness.coordinator().start();
    const { turnId } = await submitPrompt(harness.ctx, { sessionId: harness.session.id, content: 'go' });
    return { set: harness, turnId };
  }

  /** Once the title is there, whose cost is the same as that of one call. */
  async function titled({ repositories, session }: AgentHarness): Promise<Session> {
    return until(async () => {
      const now = await repositories.sessions.get(session.id);
      return now?.title === 'A title' && now;
    }, 'the title');
  }

  test('counts when the call failed', async () => {
    const { set, turnId } = await start([fail('the provider is down', 'half')]);
    expect(await turnEnds(set.repositories, turnId)).toMatchObject({ status: 'failed' });
    const stored = await titled(set);
    expect(stored).toMatchObject({ promptTokens: USAGE.inputTokens, completionTokens: USAGE.outputTokens });
    expect(stored.cost).toBeCloseTo(2 * COST, 9);
  });

  test('counts when the call was cancelled', async () => {
    const { set, turnId } = await start([stall('half')]);
    await until(async () => (await set.frames()).some(({ Type }) => Type === 'stream_delta'), 'a delta');
    await cancelSession(set.ctx, set.session.id);
    expect(await turnEnds(set.repositories, turnId)).toMatchObject({ status: 'cancelled' });
    const stored = await titled(set);
    expect(stored).toMatchObject({ promptTokens: USAGE.inputTokens, completionTokens: USAGE.outputTokens });
    expect(stored.cost).toBeCloseTo(2 * COST, 9);
  });

  test('counts for the attempts that were withdrawn', async () => {
    const wasted = { ...USAGE, inputTokens: 50_000, outputTokens: 0 };
    const { set, turnId } = await start([withdrawn(wasted, say('done'))]);
    expect(await turnEnds(set.repositories, turnId)).toMatchObject({ status: 'succeeded' });
    const stored = await titled(set);
    expect(stored).toMatchObject({ promptTokens: USAGE.inputTokens });
    expect(stored.cost).toBeCloseTo(2 * COST + 0.05, 9);
  });
});
