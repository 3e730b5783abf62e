import { z } from 'zod';
import { PreviewView } from './preview.ts';

/** `starting`: it runs and does not listen yet, or waits to be started again. `failed`: given up. */
export const FrontendState = z.enum(['stopped', 'starting', 'running', 'failed']);
export type FrontendState = z.infer<typeof FrontendState>;

/** The start command of a project, and what became of it. Absent keys stand for null. */
export const FrontendView = z
  .object({
    state: FrontendState,
    command: z
      .string()
      .optional()
      .describe('what was started last; before the first start the frontend_command of the project'),
    port: z.int().optional().describe('where it is to listen, also its environment variable PORT'),
    exit_code: z.int().optional().describe('of the last time that it ended by itself'),
    signal: z.string().optional().describe('that ended it, instead of an exit code'),
    restarts: z.int().describe('how often it was started again since it was started'),
    started_at: z.number().optional().describe('the last time, Unix ms'),
    problem: z.string().optional().describe('a sentence: why it does not run'),
    log: z.string().describe('the last of what it wrote, at most 64 KiB'),
    preview: PreviewView.optional().describe('while it runs and has a port'),
  })
  .meta({ id: 'Frontend' });
export type FrontendView = z.infer<typeof FrontendView>;
