import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { bashTool } from './bash.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

const run = (command: string, more: object = {}) =>
  bench.use(bashTool, { description: 'd', command, ...more });

test('returns output, errors and the exit code', async () => {
  const result = await run('echo out; echo err >&2; exit 3');
  expect(result.content).toBe('out\nerr\nExit code 3\n\n<cwd>/workspace</cwd>');
  expect(result.metadata).toMatchObject({ output: 'out\nerr\nExit code 3', working_directory: '/workspace' });
});

test('commits are made as the session’s user', async () => {
  const command =
    'git init -q . && git commit -q --allow-empty -m x && git log --format="%an <%ae> %cn <%ce>"';
  expect((await run(command)).content).toContain('Ada <ada@example.com> Ada <ada@example.com>\n');
});

test('says so when there is no output', async () => {
  expect((await run('true')).content).toBe('no output');
});

test('starts anew with each call, in the directory that was named', async () => {
  await run('mkdir sub; cd sub; export A=1');
  expect((await run('pwd; echo "[$A]"', { working_dir: 'sub' })).content).toContain('/sub\n[]');
  expect((await run('echo $CRUSH $EDITOR')).content).toContain('1 false');
});

test('asks unless the command only reads', async () => {
  expect((await bench.plan(bashTool, { description: 'd', command: 'ls -la' })).ask).toBeUndefined();
  const plan = await bench.plan(bashTool, { description: 'd', command: 'ls; rm x > y' });
  expect(plan).toMatchObject({
    effect: 'unsafe',
    ask: {
      toolName: 'bash',
      action: 'execute',
      path: '/workspace',
      params: { command: 'ls; rm x > y' },
      session: { scopes: ['=ls; rm x > y'], covers: 'exactly this command' },
    },
  });
});

test('always asks where nothing isolates, and reaches nothing', async () => {
  await bench.close();
  bench = await createToolBench({ isolated: false });
  expect((await bench.plan(bashTool, { description: 'd', command: 'ls' })).ask).toMatchObject({
    session: null,
  });
  expect(await bench.prepare(bashTool, { description: 'd', command: 'curl x' })).toMatchObject({
    result: { isError: true, content: expect.stringContaining('curl') },
  });
});

test.each([
  [{ description: 'd', command: '  ' }, 'missing'],
  [{ description: 'd' }, 'command'],
  [{ description: 'd', command: 'sudo x' }, 'sudo'],
  [{ description: 'd', command: 'ls', extra: 1 }, 'extra'],
])('refuses %j', async (input, reason) => {
  const prepared = await bench.prepare(bashTool, input);
  expect(prepared).toMatchObject({
    kind: 'result',
    result: { isError: true, content: expect.stringContaining(reason) },
  });
});

test('keeps both ends of a flood', async () => {
  const { content } = await run('seq 1 200000');
  expect(content.length).toBeLessThan(30_200);
  expect(content.startsWith('1\n2\n')).toBe(true);
  expect(content).toContain('200000');
  expect(content).toMatch(/\[\d+ lines truncated\]/);
});

test('moves a long command to the background', async () => {
  const result = await run('echo started; sleep 30', { auto_background_after: 1 });
  expect(result.metadata).toMatchObject({ background: true, shell_id: '001', output: 'started\n' });
  expect(bench.scope.jobs.get(bench.scope.session.id, '001')?.exit()).toBeNull();
});

test('a background command that ends at once is a normal result', async () => {
  expect((await run('echo quick', { run_in_background: true })).content).toContain('quick');
});

test('kills the command when it is aborted', async () => {
  const abort = new AbortController();
  setTimeout(() => abort.abort(), 50);
  const result = await bench.use(
    bashTool,
    { description: 'd', command: 'sleep 30' },
    { signal: abort.signal },
  );
  expect(result.content).toContain('aborted');
  expect(bench.workspace.running()).toBe(0);
});

test('shows output while it runs', async () => {
  const tails: string[] = [];
  await bench.use(
    bashTool,
    { description: 'd', command: 'echo a; echo b' },
    { progress: (tail) => tails.push(tail) },
  );
  expect(tails.at(-1)).toBe('a\nb\n');
});

test('the model sees what a terminal would show in the end', async () => {
  const command = String.raw`printf '\033[31mred\033[0m\n'; printf '10%%\r50%%\r100%%\n'; printf '\033[1mE\033[0m' >&2`;
  const result = await run(command);
  expect(result.content).toBe('red\n100%\nE\n\n<cwd>/workspace</cwd>');
  expect(result.metadata).toMatchObject({ output: 'red\n100%\nE' });
});
