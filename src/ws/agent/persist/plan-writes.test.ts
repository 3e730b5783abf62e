import { expect, test } from 'vitest';
import { newMessage } from '#domain/message/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { newId } from '#shared/ids.ts';
import type { CallOutcome, StartedCall } from './changes.ts';
import { type PlannedChange, planWrites } from './plan-writes.ts';

const SESSION = newId();
const TURN = newId();
const USAGE = { promptTokens: 10, completionTokens: 2, cost: 0.5, contextWindow: 100 };

const aMessage = (index: number) =>
  newMessage({ sessionId: SESSION, turnNumber: 1, index, role: 'assistant', parts: [] }, 1);

function aCall(): ToolCall {
  return {
    id: newId(),
    sessionId: SESSION,
    messageId: newId(),
    turnId: TURN,
    providerCallId: 'p',
    name: 'bash',
    input: '{}',
    status: 'pending',
    result: null,
    isError: false,
    errorMessage: null,
    createdAt: 1,
    updatedAt: 1,
    startedAt: null,
    finishedAt: null,
  };
}

const started = (call: ToolCall, more: Partial<StartedCall> = {}): StartedCall => ({
  call,
  effect: 'unsafe',
  journal: null,
  isRepeated: false,
  ...more,
});

function outcome(call: ToolCall, commit?: CallOutcome['commit']): CallOutcome {
  const part = {
    type: 'tool_result' as const,
    tool_call_id: call.id,
    name: call.name,
    content: 'ok',
    is_error: false,
  };
  return { call, part, status: 'completed', step: 'done', commit };
}

function planOf(...changes: PlannedChange[]) {
  let steps = 0;
  const stored: ToolCall[] = [];
  const input = {
    turn: { id: TURN, sessionId: SESSION },
    lease: { token: 7 },
    now: 50,
    nextStepIndex: () => steps++,
    stored: (call: ToolCall) => void stored.push(call),
  };
  return { writes: planWrites(input, changes), stored };
}

const kinds = ({ events }: ReturnType<typeof planWrites>) =>
  events.map((event) => (event.kind === 'frame' ? event.frame.Type : event.kind));

test('a call that is made and started at once is written once, as running', () => {
  const call = aCall();
  const message = aMessage(1);
  const { writes, stored } = planOf(
    { kind: 'close_message', message, calls: [call], usage: USAGE, isSummary: false },
    { kind: 'start_calls', calls: [started(call, { journal: 'j' })] },
  );
  expect([...writes.newCalls.values()]).toMatchObject([{ id: call.id, status: 'running', startedAt: 50 }]);
  expect(writes.changedCalls).toEqual([]);
  expect(writes.steps).toMatchObject([
    { kind: 'start', step: { turnId: TURN, index: 0, subjectId: call.id, token: 7, input: 'j' } },
  ]);
  expect(kinds(writes)).toEqual(['message', 'tool_call_update', 'tool_call_update']);
  expect(stored).toMatchObject([{ status: 'running' }]);
});

test('a repeated call ends its open step before it begins another; one without effect begins none', () => {
  const [repeated, harmless] = [aCall(), aCall()];
  const { writes } = planOf({
    kind: 'start_calls',
    calls: [started(repeated, { isRepeated: true }), started(harmless, { effect: 'none' })],
  });
  expect(writes.steps).toMatchObject([
    { kind: 'finish', subjectId: repeated.id, state: 'failed' },
    { kind: 'start', step: { subjectId: repeated.id } },
  ]);
  expect(writes.changedCalls.map(({ id }) => id)).toEqual([repeated.id, harmless.id]);
});

test('what tools write stands between the events of its call and of the results', () => {
  const call = aCall();
  const commit = async () => {};
  const message = aMessage(2);
  const { writes } = planOf({ kind: 'results', message, results: [outcome(call, commit)] });
  expect(kinds(writes)).toEqual(['tool_call_update', 'commit', 'message']);
  expect(writes.newMessages).toEqual([message]);
  expect(writes.steps).toEqual([{ kind: 'finish', subjectId: call.id, state: 'done', output: 'ok' }]);
});

test('the costs of two answers in one transaction add up, and their figures are those of the last', () => {
  const [summary, answer] = [aMessage(1), aMessage(2)];
  const { writes } = planOf(
    { kind: 'close_message', message: summary, calls: [], usage: USAGE, isSummary: true },
    {
      kind: 'close_message',
      message: answer,
      calls: [],
      usage: { ...USAGE, promptTokens: 30, cost: 0.25 },
      isSummary: false,
    },
  );
  expect(writes.usage).toEqual({
    addChars: 0,
    promptTokens: 30,
    completionTokens: 2,
    addCost: 0.75,
    contextWindow: 100,
    summaryMessageId: summary.id,
  });
  expect(writes.countedMessages).toBe(2);
});

test('a message that is finished again is written as it is in the end', () => {
  const message = aMessage(1);
  const again = {
    ...message,
    parts: [{ type: 'finish' as const, reason: 'permission_denied' as const, time: 2 }],
  };
  const { writes } = planOf(
    { kind: 'close_message', message, calls: [], usage: USAGE, isSummary: false },
    { kind: 'refinish_message', message: again },
  );
  expect([...writes.changedMessages.values()]).toEqual([again]);
  expect(kinds(writes)).toEqual(['message', 'message']);
});
