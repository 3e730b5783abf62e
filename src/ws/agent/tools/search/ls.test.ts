import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { formatTree, lsTool } from './ls.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

test('shows a tree', async () => {
  await bench.workspace.write('a/b.txt', Buffer.from(''));
  const result = await bench.use(lsTool, {});
  expect(result.content).toBe('\n- /workspace/\n  - a/\n    - b.txt\n');
  expect(result.metadata).toEqual({ number_of_files: 2, truncated: false });
});

test('says when it does not show all', async () => {
  await Promise.all(
    Array.from({ length: 1001 }, (_, at) => bench.workspace.write(`f${at}`, Buffer.from(''))),
  );
  const result = await bench.use(lsTool, { path: '/workspace' });
  expect(result.metadata).toMatchObject({ truncated: true, number_of_files: 1000 });
  expect(result.content).toContain('more than 1000');
});

test('an empty directory is its own line', () => {
  expect(formatTree('/workspace/x', [])).toBe('\n- /workspace/x/\n');
});

test('shows where links lead', () => {
  const link = { path: '/workspace/l', type: 'symlink' as const, depth: 1, target: 'a/b' };
  expect(formatTree('/workspace', [link])).toBe('\n- /workspace/\n  - l -> a/b\n');
});

test('says what the rules leave out', async () => {
  const tree = async () => ({
    entries: [],
    truncated: false,
    leftOut: { count: 3, paths: ['/workspace/bin/', '/workspace/x.log'] },
  });
  const result = await bench.use(lsTool, {}, {}, { workspace: { ...bench.workspace, tree } });
  expect(result.content).toContain(
    'Left out by the ignore rules: /workspace/bin/, /workspace/x.log and 1 more',
  );
});
