import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { globTool } from './glob.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

test('lists absolute paths', async () => {
  await bench.workspace.write('src/a.ts', Buffer.from(''));
  const result = await bench.use(globTool, { pattern: '**/*.ts' });
  expect(result).toMatchObject({
    content: '/workspace/src/a.ts',
    metadata: { number_of_files: 1, truncated: false },
  });
});

test('says when there is nothing, or more', async () => {
  expect((await bench.use(globTool, { pattern: '*.go' })).content).toBe('No files found');
  await Promise.all(
    Array.from({ length: 101 }, (_, at) => bench.workspace.write(`${at}.md`, Buffer.from(''))),
  );
  const result = await bench.use(globTool, { pattern: '*.md' });
  expect(result.content.split('\n').filter((line) => line.endsWith('.md'))).toHaveLength(100);
  expect(result.content).toContain('first 100');
});

test('nothing found is told apart from left out', async () => {
  const glob = async () => ({ paths: [], truncated: false, leftOut: 2 });
  const result = await bench.use(
    globTool,
    { pattern: '*.yml' },
    {},
    { workspace: { ...bench.workspace, glob } },
  );
  expect(result.content).toMatch(/^No files found\n\n\(2 .*hidden or ignored/);
});
