import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { editTool } from './edit.ts';
import { viewTool } from './view.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

const read = async (path: string) => Buffer.from((await bench.workspace.read(path)).bytes).toString();
const edit = (old_string: string, new_string: string, more: object = {}) =>
  bench.use(editTool, { file_path: 'f', old_string, new_string, ...more });

async function given(content: string) {
  await bench.workspace.write('f', Buffer.from(content));
  await bench.use(viewTool, { file_path: 'f' });
}

test('replaces text, keeps history and tells clients', async () => {
  await given('a\nb\n');
  const result = await edit('b', 'c');
  expect(await read('f')).toBe('a\nc\n');
  expect(result).toMatchObject({
    content: '<result>\nText replaced in file: /workspace/f\n</result>',
    metadata: { additions: 1, removals: 1, old_content: 'a\nb\n', new_content: 'a\nc\n' },
  });
  expect(bench.versions.map(({ version, content }) => [version, content])).toEqual([
    [0, 'a\nb\n'],
    [1, 'a\nc\n'],
  ]);
  expect(bench.events).toMatchObject([
    { Type: 'file_event', path: '/workspace/f', version: 1, additions: 1, removals: 1 },
  ]);
  expect((await edit('c', 'd')).isError).toBeUndefined();
});

test('keeps what somebody else wrote in between as a version of its own', async () => {
  await given('1');
  await edit('1', '2');
  await given('3');
  await edit('3', '4');
  expect(bench.versions.map(({ content }) => content)).toEqual(['1', '2', '3', '4']);
});

test('creates a file, but not over another one', async () => {
  expect((await edit('', 'new\n')).content).toContain('File created');
  expect(await edit('', 'again')).toMatchObject({
    isError: true,
    content: expect.stringContaining('exists'),
  });
});

test('keeps CRLF line ends', async () => {
  await given('a\r\nb\r\n');
  await edit('a\nb', 'x\ny');
  expect(await read('f')).toBe('x\r\ny\r\n');
});

test('refuses a file that was not read, or that changed since', async () => {
  await bench.workspace.write('f', Buffer.from('a'));
  expect(await edit('a', 'b')).toMatchObject({ isError: true, content: expect.stringContaining('view') });
  await bench.use(viewTool, { file_path: 'f' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await bench.workspace.write('f', Buffer.from('ab'));
  expect(await edit('a', 'b')).toMatchObject({ isError: true, content: expect.stringContaining('changed') });
});

test('does not write when the file changes between the question and the answer', async () => {
  await given('a');
  const plan = await bench.plan(editTool, { file_path: 'f', old_string: 'a', new_string: 'b' });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await bench.workspace.write('f', Buffer.from('other'));
  const result = await plan.run({ signal: bench.scope.signal, progress() {} });
  expect(result.isError).toBe(true);
  expect(await read('f')).toBe('other');
});

test('asks with what will be written, for the directory of the file', async () => {
  await bench.workspace.write('src/f', Buffer.from('a'));
  await bench.use(viewTool, { file_path: 'src/f' });
  const plan = await bench.plan(editTool, { file_path: 'src/f', old_string: 'a', new_string: 'b' });
  expect(plan).toMatchObject({
    effect: 'idempotent',
    ask: {
      action: 'write',
      path: '/workspace/src',
      params: { file_path: '/workspace/src/f', old_content: 'a', new_content: 'b' },
    },
  });
});

test('an edit without effect is an error', async () => {
  await given('a');
  expect((await edit('a', 'a')).isError).toBe(true);
  expect((await edit('z', 'y')).isError).toBe(true);
});
