import type { AddressInfo } from 'node:net';
import { createServer, type Server } from 'node:net';
import {
  type ScriptedModel,
  type ScriptedStep,
  startScriptedModel,
} from '../doubles/scripted-model/index.ts';

const call = (id: string, name: string, input: unknown) => ({ id, name, input });
const bash = (id: string, command: string) => call(id, 'bash', { description: 'a step', command });
const MEBIBYTE = 1024 * 1024;
const EVIL_PATTERN = `${'*a'.repeat(24)}*b`;

/** What the models answer, by the word that a prompt begins with: the first steps in order, then the last for ever. */
const SCRIPTS: Record<string, ScriptedStep[]> = {
  ordinary: [
    { text: 'I look. ', toolCalls: [call('l', 'ls', {})] },
    { text: 'I write. ', toolCalls: [call('w', 'write', { file_path: 'a.txt', content: 'one\n' })] },
    { text: 'Done.', deltas: 5 },
  ],
  endless: [{ deltas: 1_000_000, paceMs: 20 }],
  manycalls: [
    {
      toolCalls: Array.from({ length: 3000 }, (_, at) =>
        call(`m${at}`, 'view', { file_path: `missing-${at}` }),
      ),
    },
    { text: 'Done.' },
  ],
  hugeargs: [{ toolCalls: [call('h', 'write', { file_path: 'h.txt', content: 'x'.repeat(4 * MEBIBYTE) })] }],
  longlines: [{ deltas: 4, deltaLength: 8 * MEBIBYTE }, { text: 'Done.' }],
  manycommands: [
    {
      toolCalls: Array.from({ length: 10 }, (_, at) =>
        call(`j${at}`, 'bash', { description: 'a job', command: 'sleep 300', run_in_background: true }),
      ),
    },
  ],
  processes: [{ toolCalls: [bash('p', 'bomb() { bomb | bomb & }; bomb; sleep 5')] }, { text: 'Done.' }],
  memory: [{ toolCalls: [bash('m', 'head -c 3G /dev/zero | tail -c 3G > /dev/null')] }, { text: 'Done.' }],
  disk: [
    {
      toolCalls: [
        bash('d', 'for i in 1 2 3 4; do fallocate -l 1G big$i || head -c 1G /dev/zero > big$i; done'),
      ],
    },
    { text: 'Done.' },
  ],
  inodes: [
    { toolCalls: [bash('i', 'mkdir -p n; cd n; for i in $(seq 200); do touch $(seq -f "$i-%g" 500); done')] },
    { text: 'Done.' },
  ],
  output: [
    { toolCalls: [bash('o', 'timeout 10 yes "a line of output that goes on and on"')] },
    { text: 'Done.' },
  ],
  patterns: [
    { toolCalls: [bash('n', `printf '%s\\n' '${EVIL_PATTERN}' > .gitignore; touch ${'a'.repeat(120)}`)] },
    {
      toolCalls: [
        call('g', 'glob', { pattern: EVIL_PATTERN }),
        call('r', 'grep', { pattern: '(a+)+$', include: `${EVIL_PATTERN}/x` }),
        call('l', 'ls', { ignore: [EVIL_PATTERN] }),
      ],
    },
    { text: 'Done.' },
  ],
};

export async function startModel(): Promise<ScriptedModel> {
  return startScriptedModel({ script: stepFor, title: 'A title' });
}

function stepFor(request: { body: { messages?: Array<{ role: string; content: unknown }> } }): ScriptedStep {
  const messages = request.body.messages ?? [];
  const lastUser = messages.findLastIndex(({ role }) => role === 'user');
  const prompt = JSON.stringify(messages[lastUser]?.content ?? '');
  const word = Object.keys(SCRIPTS).find((name) => prompt.includes(`${name}!`)) ?? 'ordinary';
  const steps = SCRIPTS[word] ?? [];
  const done = messages.slice(lastUser + 1).filter(({ role }) => role === 'assistant').length;
  return steps[Math.min(done, steps.length - 1)] ?? { text: 'nothing' };
}

export interface SilentServer {
  origin: string;
  close(): Promise<void>;
}

/** Takes connections and says nothing. */
export async function startSilentServer(): Promise<SilentServer> {
  const sockets = new Set<{ destroy(): void }>();
  const server: Server = createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
    socket.on('close', () => sockets.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close: () =>
      new Promise((resolve) => {
        for (const socket of sockets) socket.destroy();
        server.close(() => resolve());
      }),
  };
}

/** config.yaml without the `server` key: two models of the operator's, nothing asks, small sandboxes. */
export function configOf({
  ordinary,
  hostile,
  silent,
}: Record<'ordinary' | 'hostile' | 'silent', string>): string {
  const provider = (url: string) =>
    `{ type: openai-compat, base_url: ${url}/v1, api_key: sk-operator, models: [{ id: m, context_window: 2000000, default_max_tokens: 1000 }] }`;
  return `providers: { calm: ${provider(ordinary)}, storm: ${provider(hostile)} }
auto_model: { provider: calm, model: m }
permissions: { skip_requests: true }
tools: { fetch: { allow_private: ['${silent}'] } }
sandbox: { limits: { memory_mb: 512, processes: 64, workspace_mb: 256, file_mb: 128 } }
`;
}
