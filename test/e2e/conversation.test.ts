import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCrush } from '../harness/crush-process.ts';
import { type Account, attach, deltaText, newConversation, register, textOf } from './client.ts';
import { DEPLOYMENTS, type Deployment, deploy } from './deployment.ts';

describe.each(DEPLOYMENTS)('a conversation with the demo model, %s', (kind) => {
  let deployment: Deployment;
  let account: Account;
  beforeAll(async () => {
    deployment = await deploy(kind);
    account = await register(deployment);
  });
  afterAll(() => deployment.close());

  it('asks before it writes a file, and writes it once allowed', async () => {
    const { sessionId, projectId, messages } = await newConversation(account);
    const socket = await attach(deployment, account, { sessionId });
    socket.send({ type: 'message', sessionID: sessionId, content: 'create hello.txt with hi' });
    const question = await socket.wait('permission_request');
    expect(question).toMatchObject({ tool_name: 'write', action: 'write', params: { new_content: 'hi' } });
    expect((await account.call('GET', `/api/sessions/${sessionId}/status`)).body).toMatchObject({
      status: 'waiting',
    });
    socket.send({
      type: 'permission_response',
      id: question.id,
      tool_call_id: question.tool_call_id,
      session_id: sessionId,
      granted: true,
      denied: false,
    });
    expect(await socket.wait('generation_complete')).toMatchObject({ status: 'completed' });
    expect(readFileSync(join(deployment.dataDir, 'workspaces', projectId, 'hello.txt'), 'utf8')).toBe('hi');
    const roles = (await messages()).map((message) => message.Role);
    expect(roles).toEqual(['user', 'assistant', 'tool', 'assistant']);
    expect(socket.frames.filter((frame) => frame.Type === 'generation_complete')).toHaveLength(1);
    await socket.close();
  });

  it('streams what a command prints inside the sandbox, where the host is out of reach', async () => {
    const { sessionId } = await newConversation(account);
    const socket = await attach(deployment, account, { sessionId });
    const probe = [
      'echo begin; sleep 1; ls -la',
      'echo processes $(ls -d /proc/[0-9]* | wc -l)',
      'cat /etc/shadow 2>&1 | head -1',
      'ls /root /home/u/.. 2>&1 | head -2',
      '(exec 3<>/dev/tcp/127.0.0.1/$PORT) 2>&1 | head -1',
      'env | grep -ci secret',
    ].join('; ');
    const port = new URL(deployment.http).port;
    socket.send({
      type: 'message',
      sessionID: sessionId,
      content: `run ${probe.replace('$PORT', port)}`,
    });
    const question = await socket.wait('permission_request');
    await account.call('POST', `/api/sessions/${sessionId}/permissions/${question.id}`, {
      decision: 'allow',
    });
    const partial = await socket.wait(
      'tool_call_update',
      (frame) => frame.status === 'running' && (frame.result ?? '').includes('begin'),
    );
    expect(partial.result).not.toContain('processes');
    await socket.wait('generation_complete');
    const calls = (await account.call('GET', `/api/sessions/${sessionId}/tool-calls`)).body as Array<{
      result: string;
    }>;
    const output = calls[0]?.result ?? '';
    expect(output).toMatch(/processes \d\b/);
    expect(output).toContain('No such file or directory');
    expect(output).not.toMatch(/root:[^:]*:/);
    expect(output).toContain('Connection refused');
    await socket.close();
  });

  it('goes on without a gap when the socket drops in mid-stream', async () => {
    const { sessionId, messages } = await newConversation(account);
    const first = await attach(deployment, account, { sessionId });
    first.send({ type: 'message', sessionID: sessionId, content: 'count to 150' });
    await first.wait('stream_delta', () => first.frames.length > 20);
    const cursor = first.cursor();
    first.drop();
    const second = await attach(deployment, account, { sessionId, cursor });
    expect(second.frames.find((frame) => frame.Type === 'reconnection_status')).toMatchObject({
      resumed: true,
    });
    await second.wait('generation_complete');
    const answer = (await messages()).find((message) => message.Role === 'assistant');
    const received = [...first.frames, ...second.frames];
    expect(textOf(answer).length).toBeGreaterThan(300);
    expect(deltaText(received, answer?.ID ?? '')).toBe(textOf(answer));
    const cursors = received.flatMap((frame) => (frame._streamId === undefined ? [] : [frame._streamId]));
    expect(new Set(cursors).size).toBe(cursors.length);
    await second.close();
  });

  it('serves the terminal client', async () => {
    if (kind === 'separate servers') {
      const environment = { CRUSH_PASSWORD: 'a-pass-for-the-terminal' };
      const email = 'terminal@example.com';
      const args = ['chat', '--server', deployment.http, '--ws-url', deployment.ws, '--email', email];
      const result = await runCrush([...args, '--register', 'terminal', '--yes', 'create a.txt with one'], {
        env: environment,
      });
      expect(result).toMatchObject({ code: 0 });
      expect(result.stderr).toContain('write a.txt');
      return;
    }
    const args = ['chat', '--data-dir', deployment.dataDir];
    const allowed = await runCrush([...args, '--yes', 'run echo $((6*7))']);
    expect(allowed).toMatchObject({ code: 0 });
    expect(allowed.stdout).toContain('42');
    const denied = await runCrush([...args, 'create b.txt with two']);
    expect(denied.stderr).toContain('denied');
  });
});
