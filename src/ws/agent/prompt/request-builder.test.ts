import { expect, test } from 'vitest';
import { newMessage } from '#domain/message/index.ts';
import { newId } from '#shared/ids.ts';
import type { RunnerDeps } from '../turn/claimed-turn.ts';
import type { OpenTurn } from '../turn/open-turn.ts';
import { createRequestBuilder } from './request-builder.ts';

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
    facts: { read: async () => ({ git: null, contextFiles: [] }) },
    clock: { now: () => 0 },
    workspaces: { isolated: true },
    tools: [],
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
      parts: [{ text: expect.stringContaining('what is this') }, { type: 'image', mediaType: 'image/png' }],
    },
  ]);
});
