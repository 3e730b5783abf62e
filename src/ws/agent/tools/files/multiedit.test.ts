import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { multieditTool } from './multiedit.ts';
import { viewTool } from './view.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

const read = async () => Buffer.from((await bench.workspace.read('f')).bytes).toString();
const multiedit = (...edits: Array<[string, string]>) =>
  bench.use(multieditTool, {
    file_path: 'f',
    edits: edits.map(([old_string, new_string]) => ({ old_string, new_string })),
  });

async function given(content: string) {
  await bench.workspace.write('f', Buffer.from(content));
  await bench.use(viewTool, { file_path: 'f' });
}

test('applies each edit to the outcome of those before', async () => {
  await given('a');
  const result = await multiedit(['a', 'b'], ['b', 'c']);
  expect(await read()).toBe('c');
  expect(result).toMatchObject({ metadata: { edits_applied: 2, old_content: 'a', new_content: 'c' } });
});

test('reports the edits that failed and makes the others', async () => {
  await given('a');
  const result = await multiedit(['zzz', 'b'], ['a', 'c']);
  expect(await read()).toBe('c');
  expect(result.content).toContain('Applied 1 of 2 edits');
  expect(result.metadata).toMatchObject({ edits_applied: 1, edits_failed: [{ index: 1 }] });
});

test('is an error when nothing applies', async () => {
  await given('a');
  expect(await multiedit(['x', 'y'], ['z', 'w'])).toMatchObject({
    isError: true,
    metadata: { edits_applied: 0 },
  });
});

test('creates a file with its first edit', async () => {
  const result = await multiedit(['', 'one\n'], ['one', 'two']);
  expect(result.content).toContain('created with 2 edits');
  expect(await read()).toBe('two\n');
});

test('asks once for all edits', async () => {
  await given('a');
  const plan = await bench.plan(multieditTool, {
    file_path: 'f',
    edits: [{ old_string: 'a', new_string: 'b' }],
  });
  expect(plan.ask).toMatchObject({ toolName: 'multiedit', action: 'write', params: { new_content: 'b' } });
});

test('an empty list and unknown keys are refused', async () => {
  expect((await bench.use(multieditTool, { file_path: 'f', edits: [] })).isError).toBe(true);
  expect((await bench.use(multieditTool, { file_path: 'f', edits: [{ old: 'a' }] })).isError).toBe(true);
});

test('edits in order keep every line end that they do not name', async () => {
  await bench.workspace.write('f', Buffer.from('\ufeffa\r\nb\nc\r\nd'));
  await bench.use(viewTool, { file_path: 'f' });
  expect((await multiedit(['a\nb', 'A\nB'], ['c', 'c\nnew'])).isError).toBeUndefined();
  expect(await read()).toBe('\ufeffA\r\nB\nc\r\nnew\r\nd');
});
