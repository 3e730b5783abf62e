import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import {
  type ScriptedModel,
  type ScriptedStep,
  startScriptedModel,
} from '../doubles/scripted-model/index.ts';
import { type Account, attach, deltaText, newConversation, register, textOf } from './client.ts';
import { type Deployment, type DeploymentKind, deploy } from './deployment.ts';

const call = (id: string, name: string, input: unknown) => ({ id, name, input });
const bash = (id: string, command: string) => call(id, 'bash', { description: 'a step', command });

/** By the text of the prompt, then by how many tool results the request already holds. */
const SCRIPTS: Record<string, ScriptedStep[]> = {
  several: [
    { text: 'First I write. ', toolCalls: [call('w:1', 'write', { file_path: 'a.txt', content: 'one\n' })] },
    {
      text: 'Then I look. ',
      toolCalls: [
        call('v.1', 'view', { file_path: 'a.txt' }),
        call('l:1', 'ls', {}),
        call('g:1', 'grep', { pattern: 'one' }),
      ],
    },
    { text: 'Then I run. ', toolCalls: [bash('b:1', 'cat a.txt; echo two >> a.txt')] },
    { text: 'All done.', deltas: 3 },
  ],
  refused: [{ text: 'I delete. ', toolCalls: [bash('r:1', 'rm -rf /workspace/*')] }, { text: 'never said' }],
  long: [{ text: 'I wait. ', toolCalls: [bash('s:1', 'sleep 60')] }, { text: 'never said' }],
  stream: [{ deltas: 400, paceMs: 5 }],
  cut: [{ text: 'half an ans', cut: 'mid-chunk' }],
};

function script(request: { body: { messages?: Array<{ role: string; content: unknown }> } }): ScriptedStep {
  const messages = request.body.messages ?? [];
  const lastUser = messages.findLastIndex(
    ({ role, content }) => role === 'user' && !JSON.stringify(content).includes('tool_result'),
  );
  const prompt = JSON.stringify(messages[lastUser]?.content ?? '');
  const name = Object.keys(SCRIPTS).find((key) => prompt.includes(key)) ?? 'several';
  const steps = SCRIPTS[name] ?? [];
  const done = messages.slice(lastUser + 1).filter(({ role }) => role === 'assistant').length;
  return steps[Math.min(done, steps.length - 1)] ?? { text: 'nothing' };
}

const CASES: Array<[type: 'openai-compat' | 'anthropic', kind: DeploymentKind]> = [
  ['openai-compat', 'one process'],
  ['anthropic', 'separate servers'],
];

describe.each(CASES)('turns against a scripted %s provider, %s', (type, kind) => {
  let model: ScriptedModel;
  let deployment: Deployment;
  let account: Account;
  beforeAll(async () => {
    model = await startScriptedModel({ script, title: 'A title' });
    deployment = await deploy(
      kind,
      `providers:
  scripted:
    type: ${type}
    base_url: ${model.url}/v1
    api_key: sk-canary
    models: [{ id: m, context_window: 100000, default_max_tokens: 1000, cost_per_1m_in: 1, cost_per_1m_out: 2 }]
auto_model: { provider: scripted, model: m }
`,
    );
    account = await register(deployment);
  });
  afterAll(async () => {
    await deployment.close();
    await model.close();
  });

  async function start(content: string) {
    const conversation = await newConversation(account);
    const socket = await attach(deployment, account, conversation);
    socket.send({ type: 'message', sessionID: conversation.sessionId, content });
    const answer = async (decision: string) => {
      const question = await socket.wait('permission_request', ({ id }) => !answered.has(id));
      answered.add(question.id);
      await account.call('POST', `/api/sessions/${conversation.sessionId}/permissions/${question.id}`, {
        decision,
      });
    };
    const answered = new Set<string>();
    return { ...conversation, socket, answer };
  }

  it('carries several steps with parallel calls to the end', async () => {
    const { socket, answer, messages, sessionId } = await start('do several things');
    await answer('allow');
    await answer('allow_session');
    expect(await socket.wait('generation_complete')).toMatchObject({ status: 'completed' });
    const stored = await messages();
    expect(stored.map((message) => message.Role)).toEqual([
      'user',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
      'tool',
      'assistant',
    ]);
    for (const message of stored.filter(({ Role }) => Role === 'assistant')) {
      expect(deltaText(socket.frames, message.ID)).toBe(textOf(message));
    }
    const results = stored.flatMap((message) => message.Parts.filter((part) => part.type === 'tool_result'));
    expect(results.map((part) => part.name)).toEqual(['write', 'view', 'ls', 'grep', 'bash']);
    expect(results.every((part) => !part.is_error)).toBe(true);
    expect(results.at(-1)?.content).toContain('one');
    const update = await socket.wait('session_update', ({ cost }) => cost > 0);
    expect(update.session_id).toBe(sessionId);
    expect(socket.frames.filter((frame) => frame.Type === 'generation_complete')).toHaveLength(1);
    expect(JSON.stringify(socket.frames)).not.toContain('sk-canary');
    await socket.close();
  });

  it('stops after a refused permission and stays usable', async () => {
    const { socket, answer, messages, sessionId } = await start('do the refused thing');
    await answer('deny');
    await socket.wait('generation_complete');
    const stored = await messages();
    expect(JSON.stringify(stored)).not.toContain('never said');
    expect(stored.at(-1)?.Parts[0]).toMatchObject({ type: 'tool_result', is_error: true });
    const reply = await account.call('POST', `/api/sessions/${sessionId}/messages`, {
      content: 'then stream',
    });
    const { turn_id } = reply.body as { turn_id: string };
    expect(await socket.wait('generation_complete', (frame) => frame.turn_id === turn_id)).toMatchObject({
      status: 'completed',
    });
    await socket.close();
  });

  it('cancels a running command and a stream long before their end', async () => {
    for (const prompt of ['take long', 'just stream']) {
      const { socket, answer, messages, sessionId } = await start(prompt);
      if (prompt === 'take long') {
        await answer('allow');
        await socket.wait(
          'tool_call_update',
          ({ status, started_at }) => status === 'running' && started_at !== undefined,
        );
      } else {
        await socket.wait('stream_delta', () => socket.frames.length > 20);
      }
      const asked = Date.now();
      socket.send({ type: 'cancel', sessionID: sessionId });
      expect(await socket.wait('generation_complete')).toMatchObject({ status: 'cancelled' });
      expect(Date.now() - asked).toBeLessThan(25_000);
      const finishes = (await messages()).flatMap((message) =>
        message.Parts.filter((part) => part.type === 'finish'),
      );
      expect(finishes.at(-1)).toMatchObject({ reason: 'canceled' });
      await socket.close();
    }
  });

  it('ends a turn with one error when the provider is cut off', async () => {
    const { socket, sessionId } = await start('be cut');
    const end = await socket.wait('generation_complete');
    expect(end).toMatchObject({ status: 'error' });
    expect(end.error).toBeTruthy();
    expect((await account.call('GET', `/api/sessions/${sessionId}/status`)).body).toMatchObject({
      status: 'error',
      is_running: false,
    });
    await socket.close();
  });
});
