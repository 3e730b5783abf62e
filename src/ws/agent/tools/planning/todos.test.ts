import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { todosTool } from './todos.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

const item = (content: string, status: string) => ({ content, status, active_form: `${content}ing` });

test('replaces the list and tells what changed', async () => {
  const first = await bench.use(todosTool, { todos: [item('a', 'in_progress'), item('b', 'pending')] });
  expect(first.metadata).toMatchObject({ is_new: true, just_started: 'aing', completed: 0, total: 2 });
  const second = await bench.use(todosTool, { todos: [item('a', 'completed'), item('b', 'in_progress')] });
  expect(second.metadata).toMatchObject({
    is_new: false,
    just_completed: ['a'],
    just_started: 'bing',
    completed: 1,
  });
  expect(second.content).toContain('0 pending, 1 in progress, 1 completed');
  expect(bench.todos.map(({ status }) => status)).toEqual(['completed', 'in_progress']);
  expect(bench.events).toMatchObject([
    { Type: 'todos_update' },
    { Type: 'session_update' },
    { Type: 'todos_update' },
    { Type: 'session_update' },
  ]);
});

test('refuses an unknown status', async () => {
  expect(await bench.use(todosTool, { todos: [item('a', 'done')] })).toMatchObject({ isError: true });
});
