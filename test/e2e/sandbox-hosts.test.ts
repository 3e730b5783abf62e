import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type CrushProcess, startCrush, temporaryDirectory } from '../harness/crush-process.ts';
import { type Account, attach, type Conversation, newConversation, register } from './client.ts';
import { type Deployment, deploy } from './deployment.ts';

const TOKEN = 'a-token-for-the-sandbox-hosts-of-this-test';
const directory = temporaryDirectory();

interface Host {
  port: string;
  dataDir: string;
  process: CrushProcess;
}

async function startHost(name: string, port = '0'): Promise<Host> {
  const dataDir = join(directory.path, name);
  const process = await startCrush(['sandbox-server', '--data-dir', dataDir, '--port', port], {
    env: { CRUSH_SANDBOX__TOKEN: TOKEN },
  });
  return { port: new URL(process.urls.http ?? '').port, dataDir, process };
}

let hosts: Host[];
let deployment: Deployment;
let account: Account;
beforeAll(async () => {
  hosts = await Promise.all([startHost('a'), startHost('b')]);
  const urls = hosts.map(({ port }) => `http://127.0.0.1:${port}`).join(', ');
  deployment = await deploy(
    'separate servers',
    `sandbox: { driver: remote, base_url: [${urls}], token: ${TOKEN} }\npermissions: { skip_requests: true }\n`,
  );
  account = await register(deployment);
});
afterAll(async () => {
  await deployment.close();
  await Promise.all(hosts.map(({ process }) => process.stop()));
  directory.remove();
});

async function run(
  conversation: Conversation,
  command: string,
): Promise<{ result: string; is_error: boolean }> {
  const socket = await attach(deployment, account, conversation);
  const { sessionId } = conversation;
  const reply = await account.call('POST', `/api/sessions/${sessionId}/messages`, {
    content: `run ${command}`,
  });
  const { turn_id } = reply.body as { turn_id: string };
  await socket.wait('generation_complete', (frame) => frame.turn_id === turn_id);
  await socket.close();
  const calls = (await account.call('GET', `/api/sessions/${sessionId}/tool-calls`)).body as Array<{
    result: string;
    is_error: boolean;
  }>;
  const last = calls.at(-1);
  if (!last) throw new Error('no tool was called');
  return last;
}

it('spreads projects over two sandbox hosts, of which one may go away and come back', async () => {
  const onHost: Array<Conversation | undefined> = [];
  for (let attempt = 0; attempt < 20 && !(onHost[0] && onHost[1]); attempt += 1) {
    const conversation = await newConversation(account);
    expect((await run(conversation, 'echo kept > kept.txt; echo written')).result).toContain('written');
    const file = join('workspaces', conversation.projectId, 'kept.txt');
    onHost[hosts.findIndex(({ dataDir }) => existsSync(join(dataDir, file)))] = conversation;
  }
  const [affected, other] = onHost;
  if (!affected || !other) throw new Error('all projects were placed on one host');

  await hosts[0]?.process.stop('SIGKILL');
  const during = await run(affected, 'cat kept.txt');
  expect(during.is_error).toBe(true);
  expect(during.result).toMatch(/sandbox|host|reach|available/i);
  expect(during.result).not.toContain('127.0.0.1');
  expect((await run(other, 'cat kept.txt')).result).toContain('kept');

  hosts[0] = await startHost('a', hosts[0]?.port);
  await expect
    .poll(async () => (await run(affected, 'cat kept.txt')).result, { timeout: 20_000 })
    .toContain('kept');
});
