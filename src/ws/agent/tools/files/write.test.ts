import { stat, symlink, utimes } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { viewTool } from './view.ts';
import { writeTool } from './write.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

const read = async () => Buffer.from((await bench.workspace.read('d/f')).bytes).toString();
const write = (content: string) => bench.use(writeTool, { file_path: 'd/f', content });

test('creates a file with its directories and shows the diff', async () => {
  const result = await write('a\n');
  expect(await read()).toBe('a\n');
  expect(result.content).toBe('<result>\nFile written: /workspace/d/f\n</result>');
  expect(result.metadata).toMatchObject({ additions: 1, removals: 0, diff: expect.stringContaining('+a') });
});

test('nothing is created before the answer', async () => {
  const plan = await bench.plan(writeTool, { file_path: 'd/f', content: 'a' });
  expect(plan.ask).toMatchObject({ action: 'write', path: '/workspace/d', session: { scopes: [''] } });
  expect(await bench.workspace.stat('d')).toBeNull();
});

test('an empty file is a file', async () => {
  expect((await write('')).isError).toBeUndefined();
  expect(await read()).toBe('');
});

test('an existing file must have been read, and must change', async () => {
  await bench.workspace.write('d/f', Buffer.from('a'));
  expect(await write('b')).toMatchObject({ isError: true, content: expect.stringContaining('view') });
  await bench.use(viewTool, { file_path: 'd/f' });
  expect(await write('a')).toMatchObject({ isError: true, content: expect.stringContaining('already') });
  expect((await write('b')).isError).toBeUndefined();
});

test.each(['.git/config', '.git/hooks/x', '.vscode/tasks.json', '.crush/a', '.mcp.json'])(
  'always asks for %s',
  async (file_path) => {
    expect((await bench.plan(writeTool, { file_path, content: 'x' })).ask).toMatchObject({ session: null });
  },
);

test('asks for the file that a link leads to', async () => {
  const { workspace } = bench;
  const link = (target: string, path: string) => symlink(target, join(workspace.directory, path));
  await workspace.write('.git/config', Buffer.from('old'));
  await workspace.write('.git/hooks/x', Buffer.from('x'));
  await workspace.write('docs/readme', Buffer.from('a'));
  await link('../.git/config', 'docs/notes.txt');
  await link('../.git/hooks', 'docs/examples');
  await link('../.Git/Hooks/post-merge', 'docs/dangling');
  await bench.use(viewTool, { file_path: 'docs/notes.txt' });
  for (const [file_path, path] of [
    ['docs/notes.txt', '.git/config'],
    ['docs/examples/pre-commit', '.git/hooks/pre-commit'],
    ['docs/dangling', '.Git/Hooks/post-merge'],
  ] as const) {
    expect((await bench.plan(writeTool, { file_path, content: 'x' })).ask).toMatchObject({
      description: expect.stringContaining(` the file /workspace/${path}`),
      path: `/workspace/${path.slice(0, path.lastIndexOf('/'))}`,
      params: { file_path: `/workspace/${path}` },
      session: null,
    });
  }
});

test('what was approved is not written when its path leads elsewhere by then', async () => {
  const { workspace } = bench;
  await workspace.write('.git/config', Buffer.from('old'));
  const directory = join(workspace.directory, 'd');
  const plan = await bench.plan(writeTool, { file_path: 'd/config', content: 'evil' });
  await symlink('.git', directory);
  await workspace.write('.git/config', Buffer.from('old'));
  const result = await plan.run({ signal: bench.scope.signal, progress() {} });
  expect(result).toMatchObject({ isError: true, content: expect.stringContaining('leads elsewhere') });
  expect(Buffer.from((await workspace.read('.git/config')).bytes).toString()).toBe('old');
});

test('keeps the line ends of the file, and those of a new text', async () => {
  await write('a\r\nb\r\n');
  expect(await read()).toBe('a\r\nb\r\n');
  await write('c\nd\n');
  expect(await read()).toBe('c\r\nd\r\n');
});

test.each([
  ['new file', null, 'a\r\nb\nc\r\n', 'a\r\nb\nc\r\n'],
  ['new file with a mark', null, '\ufeffa\n', '\ufeffa\n'],
  ['the mark stays', '\ufeffa\n', 'b\n', '\ufeffb\n'],
  ['the mark is not doubled', '\ufeffa\n', '\ufeffb\n', '\ufeffb\n'],
  ['CRLF stays under other words', 'a\r\n', 'b\nc\n', 'b\r\nc\r\n'],
  ['CRLF becomes LF under the same words', 'a\r\nb\r\n', 'a\nb\n', 'a\nb\n'],
  ['LF becomes CRLF', 'a\nb\n', 'a\r\nb\r\n', 'a\r\nb\r\n'],
  ['mixed ends become what is written', 'a\r\nb\n', 'c\nd\n', 'c\nd\n'],
])('%s', async (_, before, content, expected) => {
  if (before !== null) {
    await bench.workspace.write('d/f', Buffer.from(before));
    await bench.use(viewTool, { file_path: 'd/f' });
  }
  expect((await write(content)).isError).toBeUndefined();
  expect(await read()).toBe(expected);
});

test('other content is noticed whatever its time says', async () => {
  await bench.workspace.write('d/f', Buffer.from('one'));
  await bench.use(viewTool, { file_path: 'd/f' });
  const { atime, mtime } = await stat(join(bench.workspace.directory, 'd/f'));
  for (const time of [mtime, new Date(0), new Date(mtime.getTime() - 60_000)]) {
    await bench.workspace.write('d/f', Buffer.from('two'));
    await utimes(join(bench.workspace.directory, 'd/f'), atime, time);
    expect(await write('three')).toMatchObject({
      isError: true,
      content: expect.stringContaining('changed'),
    });
  }
  expect(await read()).toBe('two');
});

test('the same content under another time is not a change', async () => {
  await bench.workspace.write('d/f', Buffer.from('one'));
  await bench.use(viewTool, { file_path: 'd/f' });
  await utimes(join(bench.workspace.directory, 'd/f'), new Date(), new Date(Date.now() + 60_000));
  expect((await write('two')).isError).toBeUndefined();
});

test('of large contents clients get what differs, and no more than they can show', async () => {
  const line = `${'x'.repeat(99)}\n`;
  await bench.workspace.write('d/f', Buffer.from(line.repeat(3000)));
  await bench.use(viewTool, { file_path: 'd/f' });
  const input = { file_path: 'd/f', content: `${line.repeat(2999)}changed\n` };
  const { ask } = await bench.plan(writeTool, input);
  expect(ask?.params).toEqual({ file_path: '/workspace/d/f', diff: expect.stringContaining('+changed') });
  expect(JSON.stringify(ask?.params).length).toBeLessThan(2000);
  const fresh = await bench.plan(writeTool, { file_path: 'd/g', content: line.repeat(9000) });
  expect(JSON.stringify(fresh.ask?.params).length).toBeLessThan(300_000);
});
