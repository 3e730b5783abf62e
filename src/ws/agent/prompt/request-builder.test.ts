import { expect, test } from 'vitest';
import { newMessage } from '#domain/message/index.ts';
import { newId } from '#shared/ids.ts';
import type { RunnerDeps } from '../turn/claimed-turn.ts';
import type { OpenTurn } from '../turn/open-turn.ts';
import type { MachineFacts } from './machine.ts';
import { createRequestBuilder } from './request-builder.ts';

const MACHINE: MachineFacts = {
  network: { mode: 'none', allow: [] },
  memoryMb: 2048,
  workspaceMb: 10_240,
  processes: 256,
  turnSeconds: 1800,
};

test('a prompt that a summary has replaced comes back with its images', async () => {
  const sessionId = newId();
  const given = { sessionId, turnNumber: 2 };
  const prompt = newMessage(
    {
      ...given,
      index: 0,
      role: 'user',
      parts: [
        { type: 'text', text: 'what is this' },
        { type: 'image', Path: 'a.png', MIMEType: 'image/png', Data: '' },
      ],
    },
    1,
  );
  const summary = newMessage(
    { ...given, index: 1, role: 'assistant', isSummary: true, parts: [{ type: 'text', text: 'so far' }] },
    2,
  );
  const deps = {
    facts: { read: async () => ({ git: null, contextFiles: [], toolchain: [] }) },
    clock: { now: () => 0 },
    workspaces: { isolated: true },
    tools: [],
    settings: { machine: MACHINE },
    loadImage: async () => ({ mediaType: 'image/png', data: new Uint8Array([1]) }),
  } as unknown as RunnerDeps;
  const open = {
    claimed: { signal: new AbortController().signal },
    loaded: {
      session: { id: sessionId },
      state: {
        turn: { number: 2, userId: newId() },
        history: [prompt, summary],
        prompt,
        summaryId: summary.id,
        todos: [],
      },
    },
    selection: { providerId: 'p', maxTokens: 10, model: { id: 'm', supportsImages: true, contextWindow: 0 } },
  } as unknown as OpenTurn;
  const { messages } = await createRequestBuilder(deps, open)({ kind: 'step' });
  expect(messages.slice(1)).toMatchObject([
    { role: 'user', parts: [{ text: 'so far' }] },
    {
      role: 'user',
      parts: [
        { text: expect.stringContaining('what is this') },
        { text: expect.stringContaining('As this turn began') },
        { type: 'image', mediaType: 'image/png' },
      ],
    },
  ]);
});

test('the state of a turn’s start stands with its prompt, and what is before it stays the same', async () => {
  const sessionId = newId();
  const say = (role: 'user' | 'assistant', index: number, text: string) =>
    newMessage({ sessionId, turnNumber: index, index, role, parts: [{ type: 'text', text }] }, 1);
  const history = [
    say('user', 0, 'one'),
    { ...say('assistant', 1, 'done'), finishedAt: 1 },
    say('user', 2, 'two'),
  ];
  const request = (messageId: string | undefined, upTo: number, git: string) => {
    const deps = {
      facts: { read: async () => ({ git, contextFiles: [], toolchain: [] }) },
      clock: { now: () => 0 },
      workspaces: { isolated: true },
      tools: [],
      settings: { machine: MACHINE },
    } as unknown as RunnerDeps;
    const state = {
      turn: { number: upTo, userId: newId(), messageId },
      history: history.slice(0, upTo),
      prompt: null,
      summaryId: null,
      todos: [],
    };
    const open = {
      claimed: { signal: new AbortController().signal },
      loaded: { session: { id: sessionId }, state },
      selection: {
        providerId: 'p',
        maxTokens: 10,
        model: { id: 'm', supportsImages: true, contextWindow: 0 },
      },
    } as unknown as OpenTurn;
    return createRequestBuilder(deps, open)({ kind: 'step' });
  };
  const first = await request(history[0]?.id, 1, 'Branch: a');
  const second = await request(history[2]?.id, 3, 'Branch: b');
  expect(second.messages[0]).toEqual(first.messages[0]);
  expect(JSON.stringify(first.messages[1])).toContain('Branch: a');
  expect(second.messages[1]).toMatchObject({ parts: [{ text: 'one' }] });
  expect(second.messages.at(-1)).toMatchObject({
    role: 'user',
    parts: [{ text: 'two' }, { text: expect.stringContaining('Branch: b') }],
  });
});
