import { truncate } from '#shared/text.ts';
import type { ToolScope } from '../../ports.ts';
import { refuse } from '../tool.ts';

const MAX_COMMAND_CHARS = 80;

/** The answer to an id that no job has: the jobs there are. */
export function unknownJob({ jobs, session }: Pick<ToolScope, 'jobs' | 'session'>, id: string) {
  const known = jobs.list(session.id).map((job) => {
    const state = job.exit() === null ? 'running' : 'completed';
    return `${job.id} (${state}): ${truncate(job.command, MAX_COMMAND_CHARS)}`;
  });
  const list =
    known.length === 0 ? 'This session has no jobs' : `The jobs of this session:\n${known.join('\n')}`;
  return refuse(`There is no job with the id ${id}. ${list}`);
}
