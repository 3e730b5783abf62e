import { afterEach, beforeEach, expect, test } from 'vitest';
import { createToolBench, type ToolBench } from '../../../../../test/doubles/tool-scope.ts';
import { bashTool } from './bash.ts';
import { jobKillTool } from './job-kill.ts';

let bench: ToolBench;

beforeEach(async () => {
  bench = await createToolBench();
});

afterEach(() => bench.close());

test('ends a job with all of its processes', async () => {
  await bench.use(bashTool, { description: 'd', command: 'sleep 30 & sleep 30', auto_background_after: 1 });
  const result = await bench.use(jobKillTool, { shell_id: '001' });
  expect(result.metadata).toMatchObject({ shell_id: '001', description: 'd' });
  expect(bench.workspace.running()).toBe(0);
  expect((await bench.use(jobKillTool, { shell_id: '001' })).isError).toBe(true);
});
