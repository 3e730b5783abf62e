import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { bashTool } from './bash.ts';
import { jobOutputTool } from './job-output.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

test('tells what a running job has put out, and waits for its end', async () => {
  await bench.use(bashTool, {
    description: 'd',
    command: 'echo one; sleep 1.5; echo two; exit 4',
    auto_background_after: 1,
  });
  const running = await bench.use(jobOutputTool, { shell_id: '001' });
  expect(running.content).toBe('Status: running\n\none\n');
  const ended = await bench.use(jobOutputTool, { shell_id: '001', wait: true });
  expect(ended.content).toBe('Status: completed\n\none\ntwo\nExit code 4');
  expect(ended.metadata).toMatchObject({ done: true, shell_id: '001', working_directory: '/workspace' });
});

test('an unknown job is an error that names the jobs there are', async () => {
  await bench.use(bashTool, { description: 'd', command: 'sleep 5', auto_background_after: 1 });
  const listed = await bench.use(jobOutputTool, { shell_id: '0FE' });
  expect(listed.content).toContain('001 (running): sleep 5');

  expect(await bench.use(jobOutputTool, { shell_id: 'FFF' })).toMatchObject({
    isError: true,
    content: expect.stringContaining('FFF'),
  });
});
