import { describe, expect, test } from 'vitest';
import type { ModelPart, ModelRequest, PromptMessage } from '#domain/provider/index.ts';
import { sleep } from '#shared/async/sleep.ts';
import { testSelection } from '../test-selection.ts';
import { parseCommands } from './commands.ts';
import { createDemoModel } from './demo-model.ts';

const TOOLS = ['bash', 'edit', 'glob', 'grep', 'ls', 'todos', 'view', 'write'].map((name) => ({
  name,
  description: name,
  inputSchema: {},
}));

function request(prompt: string, more: PromptMessage[] = [], over: Partial<ModelRequest> = {}): ModelRequest {
  const user: PromptMessage = { role: 'user', parts: [{ type: 'text', text: prompt }] };
  return { selection: testSelection(), messages: [user, ...more], tools: TOOLS, sessionId: 's', ...over };
}

async function ask(asked: ModelRequest, signal = new AbortController().signal): Promise<ModelPart[]> {
  const model = createDemoModel({ sleep, chunkDelayMs: 0 });
  const parts: ModelPart[] = [];
  for await (const part of model.stream(asked, signal)) parts.push(part);
  return parts;
}

function textOf(parts: ModelPart[]): string {
  return parts.map((part) => (part.type === 'text' ? part.text : '')).join('');
}

function callOf(parts: ModelPart[]): { name: string; input: unknown } | null {
  const call = parts.find((part) => part.type === 'tool_call');
  return call ? { name: call.name, input: JSON.parse(call.input) as unknown } : null;
}

/** Plays the whole turn, answering each call. */
async function play(prompt: string, answer: (name: string) => { text: string; isError?: boolean }) {
  const more: PromptMessage[] = [];
  const calls: { name: string; input: unknown }[] = [];
  for (let step = 0; step < 10; step += 1) {
    const parts = await ask(request(prompt, more));
    const call = parts.find((part) => part.type === 'tool_call');
    if (!call) return { calls, text: textOf(parts) };
    const input: unknown = JSON.parse(call.input);
    calls.push({ name: call.name, input });
    const { text, isError = false } = answer(call.name);
    more.push({ role: 'assistant', parts: [{ type: 'tool_call', id: call.callId, name: call.name, input }] });
    more.push({ role: 'tool', results: [{ toolCallId: call.callId, toolName: call.name, text, isError }] });
  }
  throw new Error('the turn does not end');
}

describe('the demo model', () => {
  test.each([
    ['run echo hi', 'bash', { command: 'echo hi', description: 'Run echo hi' }],
    ['Run `ls -la | wc -l`', 'bash', { command: 'ls -la | wc -l' }],
    ['please execute npm test', 'bash', { command: 'npm test' }],
    ['create notes.txt with hello', 'write', { file_path: 'notes.txt', content: 'hello' }],
    ['create a file src/a.ts with the content "a\\nb"', 'write', { file_path: 'src/a.ts', content: 'a\nb' }],
    ['create a.py with ```python\nprint(1)\n```', 'write', { file_path: 'a.py', content: 'print(1)\n' }],
    ['read README.md', 'view', { file_path: 'README.md' }],
    ['Show me the file README.md.', 'view', { file_path: 'README.md' }],
    ['search "foo bar" in src', 'grep', { pattern: 'foo bar', path: 'src' }],
    ['search for TODO', 'grep', { pattern: 'TODO' }],
    ['find *.ts', 'glob', { pattern: '*.ts' }],
    ['list', 'ls', {}],
    ['list src', 'ls', { path: 'src' }],
    ['list files in src', 'ls', { path: 'src' }],
    ['replace "a" with "b" in x.txt', 'view', { file_path: 'x.txt' }],
    [
      'todo: one, two',
      'todos',
      {
        todos: [
          { content: 'one', status: 'in_progress', active_form: 'Working on: one' },
          { content: 'two', status: 'pending', active_form: 'Working on: two' },
        ],
      },
    ],
  ])('understands: %s', async (prompt, name, input) => {
    const parts = await ask(request(prompt));
    const call = callOf(parts);
    expect(call?.name).toBe(name);
    expect(call?.input).toMatchObject(input);
    expect(parts.at(-1)).toMatchObject({ type: 'finish', stopReason: 'tool_calls' });
    const streamed = parts.map((part) => (part.type === 'tool_call_input' ? part.text : '')).join('');
    expect(JSON.parse(streamed)).toEqual(call?.input);
  });

  test('says what it is and what it understands otherwise', async () => {
    const parts = await ask(request('What is the meaning of life?'));
    expect(textOf(parts)).toContain('offline demo model');
    expect(parts.filter((part) => part.type === 'text').length).toBeGreaterThan(10);
    expect(parts.at(-1)).toMatchObject({ type: 'finish', stopReason: 'stop', usage: { estimated: true } });
  });

  test('takes several commands as several steps and sums up', async () => {
    const { calls, text } = await play(
      'create a.txt with x, then run cat a.txt and then replace x with y in a.txt',
      (name) => ({ text: `result of ${name}` }),
    );
    expect(calls.map(({ name }) => name)).toEqual(['write', 'bash', 'edit']);
    expect(text).toContain('write, bash, edit');
    expect(text).toContain('result of edit');
  });

  test('reads a file before it edits it', async () => {
    const { calls } = await play('replace x with y in a.txt', () => ({ text: 'ok' }));
    expect(calls.map(({ name }) => name)).toEqual(['view', 'edit']);
  });

  test.each([
    ['User denied permission', 'was refused'],
    ['no such file', 'failed'],
  ])('stops when a call ends with "%s"', async (text, word) => {
    const played = await play('run a then run b', () => ({ text, isError: true }));
    expect(played.calls).toHaveLength(1);
    expect(played.text).toContain(word);
  });

  test('does not stumble over blocks that the platform adds', async () => {
    const reminder: PromptMessage = {
      role: 'user',
      parts: [{ type: 'text', text: '<system_reminder>The todo list is empty.</system_reminder>' }],
    };
    expect(callOf(await ask(request('run date', [reminder])))?.name).toBe('bash');
  });

  test('gives the same answer to the same request, and every step its own call id', async () => {
    const asked = request('run date');
    expect(await ask(asked)).toEqual(await ask(asked));
    const ids = [asked, request('run date', [{ role: 'assistant', parts: [] }])].map(async (one) =>
      (await ask(one)).map((part) => (part.type === 'tool_call' ? part.callId : '')).join(''),
    );
    expect(new Set(await Promise.all(ids)).size).toBe(2);
  });

  test.each([
    'fix the shop\n\nContext Files:\n\nFile: src/shop.ts (lines 1-3)\n```ts\nconst a = 1;\n\nconst b = 2;\n```\n',
    'Context Files:\n\nFile: src/shop.ts\n```\nconst a = 1;\n```\nFolder: src\n\nfix the shop',
    'fix the shop\n\nand then the rest',
    'fix the shop\n\nContext Files:\nFile: a\n```\nthe block is cut',
  ])('a title speaks of what the person wrote, not of attached files: %j', async (prompt) => {
    const asked = `Give a title to a conversation that starts like this:\n\n${prompt}\n<think>\n\n</think>`;
    const parts = await ask(request(asked, [], { tools: [], maxTokens: 40 }));
    expect(textOf(parts)).toBe('Fix the shop');
  });

  test('writes a short title when there are no tools', async () => {
    const parts = await ask(
      request('Write a title for:\n\nfix the login page of the shop', [], { tools: [], maxTokens: 40 }),
    );
    expect(textOf(parts)).toBe('Fix the login page of the shop');
  });

  test('does not call tools that are not there', async () => {
    const parts = await ask(request('run date', [], { tools: TOOLS.slice(1) }));
    expect(callOf(parts)).toBeNull();
    expect(textOf(parts)).toContain('bash');
  });

  test('stops at once when it is cancelled', async () => {
    const parts = await ask(request('count to 500'), AbortSignal.abort());
    expect(parts).toMatchObject([{ type: 'finish', stopReason: 'cancelled' }]);
    expect(textOf(await ask(request('count to 3')))).toBe('1 2 3');
  });
});

test('a prompt with a part that is not understood is not half executed', () => {
  expect(parseCommands('run date then find out why the sky is blue')).toEqual([]);
});
