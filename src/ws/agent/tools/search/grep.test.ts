import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { formatMatches, grepTool } from './grep.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

test('groups matches by file', async () => {
  await bench.workspace.write('a.txt', Buffer.from('x\nfind me\n'));
  const result = await bench.use(grepTool, { pattern: 'find' });
  expect(result.content).toBe('Found 1 matches\n/workspace/a.txt:\n  Line 2, Char 1: find me');
  expect(result.metadata).toEqual({ number_of_matches: 1, truncated: false });
  expect((await bench.use(grepTool, { pattern: 'absent' })).content).toBe('No matches found');
});

test('cuts long lines and separates files', () => {
  const text = formatMatches(
    [
      { path: '/workspace/a', line: 1, column: 1, text: 'x'.repeat(600) },
      { path: '/workspace/b', line: 2, column: 3, text: 'y\n' },
    ],
    true,
  );
  expect(text).toContain(`${'x'.repeat(500)}...\n\n/workspace/b:\n  Line 2, Char 3: y`);
  expect(text).toContain('first 100');
});

test('nothing found is told apart from left out', async () => {
  const grep = async () => ({ matches: [], truncated: false, leftOut: 2 });
  const result = await bench.use(grepTool, { pattern: 'x' }, {}, { workspace: { ...bench.workspace, grep } });
  expect(result.content).toMatch(/^No matches found\n\n\(2 .*hidden or ignored/);
});
