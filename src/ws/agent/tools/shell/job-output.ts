import { z } from 'zod';
import { defineTool, readOnly } from '../tool.ts';
import { NO_OUTPUT } from './bash.ts';
import { jobText } from './job-output-text.ts';
import { unknownJob } from './unknown-job.ts';

const Input = z.strictObject({
  shell_id: z.string().max(16).describe('The id of the job, as bash reported it'),
  wait: z.boolean().optional().describe('Wait until the job has ended'),
});

export const jobOutputTool = defineTool({
  name: 'job_output',
  description: 'Returns what a background job has put out so far, and whether it still runs.',
  input: Input,
  async prepare({ shell_id: id, wait = false }, scope) {
    const job = scope.jobs.get(scope.session.id, id);
    if (!job) return unknownJob(scope, id);
    return readOnly(async ({ signal }) => {
      if (wait && !job.exit()) await Promise.race([job.done, aborted(signal)]);
      const done = job.exit() !== null;
      const output = jobText(job);
      return {
        content: `Status: ${done ? 'completed' : 'running'}\n\n${output === '' ? NO_OUTPUT : output}`,
        metadata: {
          shell_id: job.id,
          command: job.command,
          description: job.description,
          done,
          working_directory: job.cwd,
        },
      };
    });
  },
});

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
