import { expect, test } from 'vitest';
import type { PermissionRequest, PermissionStatus } from '#domain/permission/index.ts';
import type { ToolCall } from '#domain/toolcall/index.ts';
import { newId } from '#shared/ids.ts';
import type { ToolAsk } from '../tools/tool.ts';
import { decide, fingerprintOf } from './approval.ts';

const ASK: ToolAsk = {
  toolName: 'bash',
  action: 'execute',
  description: 'Run x',
  path: '/workspace/src',
  params: { command: 'x', description: 'd' },
  session: { scopes: ['x', 'y'], covers: 'x and y' },
};

const CALL: ToolCall = {
  id: newId(),
  sessionId: newId(),
  messageId: null,
  turnId: newId(),
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

interface World {
  allowedTools?: string[];
  skipRequests?: boolean;
  earlier?: PermissionStatus;
  earlierAsk?: ToolAsk;
  granted?: string;
  timeoutMs?: number;
}

function run(ask: ToolAsk, world: World = {}) {
  const {
    allowedTools = [],
    skipRequests = false,
    earlier,
    earlierAsk = ask,
    granted,
    timeoutMs = 300,
  } = world;
  return decide(
    {
      permissions: {
        async getByToolCall() {
          if (!earlier) return null;
          return { id: 'r', status: earlier, fingerprint: fingerprintOf(earlierAsk) } as PermissionRequest;
        },
        hasGrant: async ({ path }, scopes) => path === granted && scopes.join() === 'x,y',
      },
      settings: { allowedTools, skipRequests, permissionTimeoutMs: timeoutMs },
      clock: { now: () => 1000 },
    },
    CALL,
    ask,
  );
}

test.each<[string, World]>([
  ['yolo', { skipRequests: true }],
  ['an allowed tool', { allowedTools: ['bash'] }],
  ['an allowed action', { allowedTools: ['bash:execute'] }],
  ['a grant for the directory', { granted: '/workspace/src' }],
  ['an answer to this very call', { earlier: 'allowed' }],
])('%s allows', async (_title, world) => {
  expect(await run(ASK, world)).toEqual({ kind: 'allowed' });
});

test.each<[string, World]>([
  ['nothing', {}],
  ['another action', { allowedTools: ['bash:read', 'bas'] }],
  ['a grant for the directory above', { granted: '/workspace' }],
  ['an approval of something else', { earlier: 'allowed', earlierAsk: { ...ASK, params: { command: 'y' } } }],
  ['a request that was withdrawn', { earlier: 'cancelled' }],
])('%s asks', async (_title, world) => {
  expect(await run(ASK, world)).toMatchObject({
    kind: 'ask',
    isNew: true,
    request: { expiresAt: 1300, status: 'pending' },
  });
});

test('an open request is not asked twice', async () => {
  expect(await run(ASK, { earlier: 'pending' })).toMatchObject({ kind: 'ask', isNew: false });
});

test('a refusal holds whatever the call looks like by now', async () => {
  const earlierAsk = { ...ASK, params: {} };
  expect(await run(ASK, { earlier: 'denied', earlierAsk, allowedTools: ['bash'] })).toEqual({
    kind: 'denied',
  });
  expect(await run(ASK, { earlier: 'expired' })).toEqual({ kind: 'expired' });
});

test('what must always be asked is not answered by rules or grants', async () => {
  const ask = { ...ASK, session: null };
  expect(await run(ask, { allowedTools: ['bash'], granted: '/workspace/src' })).toMatchObject({
    kind: 'ask',
  });
  expect(await run(ask, { earlier: 'allowed' })).toEqual({ kind: 'allowed' });
});

test('a request says what an answer for the session covers, and remembers it', async () => {
  expect(await run(ASK)).toMatchObject({
    request: { description: 'Run x (for the session: x and y)', scopes: ['x', 'y'] },
  });
  expect(await run({ ...ASK, session: null })).toMatchObject({
    request: { description: 'Run x (asked every time)', scopes: [] },
  });
});

test('what does not show is visible to whoever is asked, and approved as it is', async () => {
  const ask = {
    ...ASK,
    description: 'Run echo \u202eab\u200b\u001b[2K',
    params: { command: 'echo \u202eab\u001b[2K\rx', new_content: 'a\r\nb\n', n: 1 },
  };
  const decision = await run(ask);
  expect(decision).toMatchObject({
    request: {
      description: 'Run echo <U+202E>ab<U+200B>␛[2K (for the session: x and y)',
      params: { command: 'echo <U+202E>ab␛[2K␍x', new_content: 'a\r\nb\n', n: 1 },
      fingerprint: fingerprintOf(ask),
    },
  });
});

test('a request without a limit never expires', async () => {
  expect(await run(ASK, { timeoutMs: 0 })).toMatchObject({ request: { expiresAt: null } });
});
