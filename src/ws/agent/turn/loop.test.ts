import { setImmediate } from 'node:timers/promises';
import { afterEach, expect, test } from 'vitest';
import { z } from 'zod';
import type { AnyContext } from '#domain/create-context.ts';
import type { Message } from '#domain/message/index.ts';
import { newId } from '#shared/ids.ts';
import {
  call,
  createScriptedLanguageModel,
  fail,
  type ScriptedAnswer,
  say,
  stall,
} from '../../../../test/doubles/scripted-language-model.ts';
import { createToolBench, type ToolBench } from '../../../../test/doubles/tool-scope.ts';
import { watchEventLoop } from '../../../../test/harness/loop-watch.ts';
import { TurnAbort } from '../coordinator/abort.ts';
import type { Change } from '../persist/changes.ts';
import { buildPrompt } from '../prompt/prompt-messages.ts';
import type { Decision } from '../step/approval.ts';
import { defineTool, plan, type Tool } from '../tools/tool.ts';
import { runLoop } from './loop.ts';
import type { LoopInput } from './loop-ports.ts';
import type { TurnState } from './turn-state.ts';

const SELECTION: LoopInput['selection'] = {
  providerId: 'p',
  providerType: 'demo',
  model: {
    id: 'm',
    name: 'M',
    contextWindow: 1000,
    defaultMaxTokens: 10,
    priceIn: 0,
    priceOut: 0,
    priceCacheRead: 0,
    priceCacheWrite: 0,
    canReason: false,
    supportsImages: false,
  },
  baseUrl: null,
  apiKey: null,
  operatorPays: false,
  trusted: true,
  maxTokens: 10,
  temperature: null,
  topP: null,
  reasoningEffort: null,
};

let bench: ToolBench | undefined;
afterEach(() => bench?.close());

function newState(): TurnState {
  const sessionId = newId();
  const messageId = newId();
  const message: Message = {
    id: messageId,
    sessionId,
    turnNumber: 1,
    index: 0,
    role: 'user',
    parts: [{ type: 'text', text: 'go' }],
    model: '',
    provider: '',
    isSummary: false,
    finishedAt: 1,
    appliedCursor: null,
    createdAt: 1,
    updatedAt: 1,
  };
  return {
    turn: {
      id: newId(),
      sessionId,
      userId: newId(),
      number: 1,
      kind: 'prompt',
      status: 'running',
      attempt: 0,
      cancelRequested: false,
      messageId,
      idempotencyKey: null,
      promptDigest: '',
      error: null,
      errorCode: null,
      createdAt: 1,
      startedAt: 1,
      finishedAt: null,
    },
    history: [message],
    calls: new Map(),
    interrupted: new Map(),
    prompt: message,
    summaryId: null,
    contextTokens: 0,
    todos: [],
    digests: new WeakMap(),
    stored: { session: 0, turn: 0 },
  };
}

/** Runs the loop with commits that are only written down. */
async function start(
  script: ScriptedAnswer[],
  tools: Tool[] = [],
  options: {
    decision?: Decision['kind'];
    state?: TurnState;
    onCommit?: (changes: Change[]) => Promise<void>;
  } = {},
) {
  bench = await createToolBench();
  const { scope } = bench;
  const state = options.state ?? newState();
  const model = createScriptedLanguageModel(script);
  const commits: Change[][] = [];
  const deltas: string[] = [];
  const signal = new AbortController();
  const pause = new AbortController();
  const ended = runLoop({
    state,
    tools: new Map(tools.map((tool) => [tool.name, tool])),
    selection: SELECTION,
    limits: { maxSteps: 20, summarizeAt: 800 },
    now: () => 1000,
    signal: signal.signal,
    pause: pause.signal,
    taskTimeoutMs: 1000,
    hooks: {
      async commit(changes) {
        commits.push(changes);
        await options.onCommit?.(changes);
      },
      refusal: () => null,
      async buildRequest() {
        const messages = await buildPrompt(state.history, {
          system: 's',
          summaryId: state.summaryId,
          selection: SELECTION,
          loadImage: async () => null,
        });
        return {
          selection: SELECTION,
          messages,
          tools: [{ name: 'x', description: '', inputSchema: {} }],
          sessionId: 's',
        };
      },
      stream: (request, abort) => model.stream(request, abort),
      delta: (_message, { content }) => void deltas.push(content),
      checkpoint: async () => {},
      positionAtLeast: async () => null,
      scope: () => ({ ...scope, signal: signal.signal }),
      decide: async () => ({ kind: options.decision ?? 'allowed' }) as Decision,
      progress() {},
      unexpected() {},
    },
  });
  return { ended, state, commits, deltas, signal, pause, model };
}

const kinds = (commits: Change[][]) => commits.map((changes) => changes.map(({ kind }) => kind));

function tool(
  name: string,
  run: () => Promise<string>,
  more: Partial<Pick<Tool, 'parallel'>> & { effect?: 'none' | 'unsafe' } = {},
): Tool {
  return defineTool({
    name,
    description: name,
    input: z.strictObject({ n: z.number().optional() }),
    parallel: more.parallel,
    async prepare() {
      return plan({
        effect: more.effect ?? 'unsafe',
        ask: { toolName: name, action: 'x', description: '', path: '/workspace', params: {}, session: null },
        run: async () => ({ content: await run() }),
      });
    },
  });
}

test('a plain answer takes two transactions', async () => {
  const { ended, commits, deltas } = await start([say('a', 'b')]);
  expect(await ended).toBe('finished');
  expect(kinds(commits)).toEqual([['open_message'], ['close_message', 'finish']]);
  expect(deltas.join('')).toBe('ab');
});

test('a tool step is journalled before its effect and stored with the next message', async () => {
  const seen: string[][] = [];
  const act = tool('act', async () => {
    seen.push(...kinds(commits));
    return 'done';
  });
  const { ended, commits } = await start([call({ name: 'act', input: {} }), say('ok')], [act]);
  await ended;
  expect(seen).toEqual([['open_message'], ['close_message', 'start_calls']]);
  expect(kinds(commits)).toEqual([
    ['open_message'],
    ['close_message', 'start_calls'],
    ['results', 'open_message'],
    ['close_message', 'finish'],
  ]);
});

test('a request leaves before its message is stored, in however many small steps it is made', async () => {
  let hasLeft = false;
  const answer: ScriptedAnswer = async function* (request, signal) {
    for (let hop = 0; hop < 100; hop++) await Promise.resolve();
    await setImmediate();
    hasLeft = true;
    yield* say('ok')(request, signal);
  };
  const seen: boolean[] = [];
  const onCommit = async () => void seen.push(hasLeft);
  const { ended } = await start([answer], [], { onCommit });
  expect(await ended).toBe('finished');
  expect(seen).toEqual([true, true]);
});

test('at most five parallel calls run at once and their results keep the order', async () => {
  let running = 0;
  let most = 0;
  let count = 0;
  const look = tool(
    'look',
    async () => {
      const at = count++;
      running += 1;
      most = Math.max(most, running);
      await new Promise((resolve) => setTimeout(resolve, 20 - at));
      running -= 1;
      return `r${at}`;
    },
    { parallel: true, effect: 'none' },
  );
  const calls = Array.from({ length: 8 }, () => ({ name: 'look', input: {} }));
  const { ended, state } = await start([call(...calls), say('ok')], [look]);
  await ended;
  expect(most).toBe(5);
  const results = state.history.find(({ role }) => role === 'tool')?.parts;
  expect(results?.map((part) => part.type === 'tool_result' && part.content)).toEqual([
    'r0',
    'r1',
    'r2',
    'r3',
    'r4',
    'r5',
    'r6',
    'r7',
  ]);
});

test('calls that are not parallel run one after another', async () => {
  const order: string[] = [];
  const slow = tool('slow', async () => {
    order.push('start');
    await new Promise((resolve) => setTimeout(resolve, 5));
    order.push('end');
    return '';
  });
  const { ended } = await start(
    [call({ name: 'slow', input: {} }, { name: 'slow', input: {} }), say('ok')],
    [slow],
  );
  await ended;
  expect(order).toEqual(['start', 'end', 'start', 'end']);
});

test('what a call commits is written before the next call is prepared', async () => {
  const written: string[] = [];
  const seen: string[][] = [];
  const act = defineTool({
    name: 'act',
    description: 'act',
    input: z.strictObject({ n: z.string() }),
    async prepare({ n }) {
      seen.push([...written]);
      return plan({
        effect: 'idempotent',
        run: async () => ({ content: n, commit: async () => void written.push(n) }),
      });
    },
  });
  const calls = ['a', 'b', 'c'].map((n) => ({ name: 'act', input: { n } }));
  const { ended } = await start([call(...calls), say('ok')], [act], {
    async onCommit(changes) {
      for (const change of changes) {
        if (change.kind !== 'results') continue;
        for (const { commit } of change.results) await commit?.({} as AnyContext);
      }
    },
  });
  expect(await ended).toBe('finished');
  expect(seen).toEqual([[], ['a'], ['a', 'b']]);
});

test('an exception in a tool is an error result without its text', async () => {
  const bad = tool('bad', async () => {
    throw new Error('/etc/secret');
  });
  const { ended, model } = await start([call({ name: 'bad', input: {} }), say('ok')], [bad]);
  expect(await ended).toBe('finished');
  const results = model.requests[1]?.messages.flatMap((message) =>
    message.role === 'tool' ? message.results : [],
  );
  expect(results).toMatchObject([{ isError: true }]);
  expect(results?.[0]?.text).not.toContain('secret');
});

test('a refusal ends the turn without another model call', async () => {
  const act = tool('act', async () => 'never');
  const { ended, commits, model } = await start([call({ name: 'act', input: {} })], [act], {
    decision: 'denied',
  });
  expect(await ended).toBe('finished');
  expect(model.requests).toHaveLength(1);
  expect(kinds(commits).at(-1)).toEqual(['close_message', 'refinish_message', 'results', 'finish']);
});

test('a cancelled model call keeps its text and ends the turn', async () => {
  const { ended, commits, deltas, signal } = await start([stall('half')]);
  while (deltas.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  signal.abort(new TurnAbort('cancel'));
  expect(await ended).toBe('finished');
  expect(commits.at(-1)).toMatchObject([
    { kind: 'count_usage', usage: { promptTokens: 100, completionTokens: 10 } },
    { kind: 'save_message', message: { parts: [{ text: 'half' }] } },
    { kind: 'finish', outcome: { status: 'cancelled' } },
  ]);
});

test('a tool that ignores the signal does not hold the turn', async () => {
  const deaf = tool('deaf', () => new Promise(() => {}));
  const { ended, commits, signal } = await start([call({ name: 'deaf', input: {} })], [deaf]);
  while (commits.length < 2) await new Promise((resolve) => setTimeout(resolve, 1));
  signal.abort(new TurnAbort('cancel'));
  expect(await ended).toBe('finished');
  expect(commits.at(-1)).toMatchObject([{ kind: 'finish', interrupted: [expect.any(String)] }]);
});

test('nothing is written once the lease is lost', async () => {
  const { ended, commits, deltas, signal } = await start([stall('x')]);
  while (deltas.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  const before = commits.length;
  signal.abort(new TurnAbort('lease_lost'));
  expect(await ended).toBe('lost');
  expect(commits).toHaveLength(before);
});

test('a paused turn is handed back and continued from what is stored', async () => {
  const first = await start([stall('x')]);
  while (first.deltas.length === 0) await new Promise((resolve) => setTimeout(resolve, 1));
  first.pause.abort();
  expect(await first.ended).toBe('handed_back');
  expect(kinds(first.commits).at(-1)).toEqual(['hand_back']);
  await bench?.close();
  const second = await start([say('again')], [], { state: first.state });
  expect(await second.ended).toBe('finished');
  expect(second.commits[0]).toMatchObject([{ kind: 'open_message', reopened: true }]);
  expect(second.state.history).toHaveLength(2);
});

test('a full context is summarized before the next model call', async () => {
  const state = { ...newState(), contextTokens: 800 };
  const { ended, commits, model } = await start([say('all so far'), say('ok')], [], { state });
  expect(await ended).toBe('finished');
  expect(kinds(commits)).toEqual([
    ['open_message'],
    ['close_message', 'open_message'],
    ['close_message', 'finish'],
  ]);
  expect(commits[1]?.[0]).toMatchObject({
    isSummary: true,
    message: { isSummary: true },
    usage: { promptTokens: 0 },
  });
  expect(model.requests[1]?.messages).toMatchObject([
    { role: 'system' },
    { role: 'user', parts: [{ type: 'text', text: 'all so far' }] },
  ]);
});

test('the turn goes on as it is when no summary can be had', async () => {
  const state = { ...newState(), contextTokens: 800 };
  const { ended, model } = await start([fail('down'), say('ok')], [], { state });
  expect(await ended).toBe('finished');
  expect(model.requests[1]?.messages).toMatchObject([
    { role: 'system' },
    { role: 'user', parts: [{ text: 'go' }] },
  ]);
});

test('of thousands of calls the first 64 are run, and the model is told', async () => {
  const many = Array.from({ length: 12_000 }, () => ({ name: 'act', input: {} }));
  let runs = 0;
  const act = tool('act', async () => {
    runs += 1;
    return 'done';
  });
  const watch = watchEventLoop();
  const { ended, state, model } = await start([call(...many), say('ok')], [act]);
  expect(await ended).toBe('finished');
  expect(watch.stop()).toBeLessThan(100);
  expect(runs).toBe(64);
  const results = state.history.filter(({ role }) => role === 'tool').flatMap(({ parts }) => parts);
  expect(results).toHaveLength(64);
  const told = model.requests[1]?.messages.at(-1);
  expect(told?.role === 'tool' && told.results.at(-1)?.text).toMatch(/^done\n\nOnly the first 64 calls/);
});

test('an input that is too long is left out, and the calls before it are run', async () => {
  const long = JSON.stringify({ text: 'x'.repeat(2 * 1024 * 1024) });
  const seen: string[] = [];
  const act = tool('act', async () => {
    seen.push('act');
    return 'done';
  });
  const answer = call({ name: 'act', input: {} }, { name: 'act', input: {}, raw: long });
  const { ended, state, model } = await start([answer, say('ok')], [act]);
  expect(await ended).toBe('finished');
  expect(seen).toEqual(['act']);
  expect(JSON.stringify(state.history).length).toBeLessThan(10_000);
  const told = model.requests[1]?.messages.at(-1);
  expect(told?.role === 'tool' && told.results.map(({ text }) => text)).toEqual([
    'done',
    expect.stringMatching(/not valid JSON.*\n\nYour answer was cut in the input of its last call/),
  ]);
});

test('an answer of too much text fails the turn with a sentence, and its beginning stays', async () => {
  const text = 'x'.repeat(300_000);
  const { ended, commits } = await start([say(text, text, text, text, text)]);
  expect(await ended).toBe('finished');
  const [saved, finish] = commits.at(-1)?.slice(-2) ?? [];
  expect(saved).toMatchObject({ kind: 'save_message', message: { parts: [{ text: text.repeat(3) }] } });
  expect(finish).toMatchObject({
    outcome: { status: 'failed', error: 'The model’s answer was cut: it had more than 1 MB of text.' },
  });
});
