import { z } from 'zod';
import { defineTool, plan } from '../tool.ts';
import { unknownJob } from './unknown-job.ts';

const Input = z.strictObject({
  shell_id: z.string().max(16).describe('The id of the job, as bash reported it'),
});

export const jobKillTool = defineTool({
  name: 'job_kill',
  description: 'Ends a background job and everything that it started.',
  input: Input,
  async prepare({ shell_id: id }, scope) {
    const job = scope.jobs.get(scope.session.id, id);
    if (!job) return unknownJob(scope, id);
    return plan({
      effect: 'none',
      async run() {
        await job.kill();
        scope.jobs.remove(scope.session.id, job.id);
        return {
          content: `Job ${job.id} has been ended`,
          metadata: { shell_id: job.id, command: job.command, description: job.description },
        };
      },
    });
  },
});
