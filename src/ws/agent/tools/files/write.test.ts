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
  expect(plan.ask).toMatchObject({ action: 'write', path: '/workspace/d', always: false });
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
    expect((await bench.plan(writeTool, { file_path, content: 'x' })).ask).toMatchObject({ always: true });
  },
);

test('keeps the line ends of the file, and those of a new text', async () => {
  await write('a\r\nb\r\n');
  expect(await read()).toBe('a\r\nb\r\n');
  await write('c\nd\n');
  expect(await read()).toBe('c\r\nd\r\n');
});
