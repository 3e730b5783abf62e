import { z } from 'zod';

export const TerminalRows = z.int().min(1).max(1000);
export const TerminalColumns = z.int().min(1).max(1000);

export const TERMINAL_SIGNALS = ['HUP', 'INT', 'QUIT', 'KILL', 'TERM', 'CONT', 'TSTP'] as const;
export const TerminalSignal = z.enum(TERMINAL_SIGNALS);
export type TerminalSignal = z.infer<typeof TerminalSignal>;

/** A shell in a project's workspace, as its owner sees it. */
export const TerminalView = z
  .object({
    id: z.string(),
    project_id: z.string(),
    session_id: z.string().optional().describe('the session that it was opened in'),
    job_id: z.string().optional().describe('among the jobs of its session'),
    rows: TerminalRows,
    cols: TerminalColumns,
    clients: z.int().describe('how many are attached'),
    offset: z.int().describe('bytes put out so far'),
    created_at: z.number().describe('Unix ms'),
    is_running: z.boolean(),
  })
  .meta({ id: 'Terminal' });
export type TerminalView = z.infer<typeof TerminalView>;
