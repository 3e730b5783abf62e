import { z } from 'zod';
import { TerminalView } from './view.ts';

const terminal_id = z.string();

const Attached = z
  .object({
    Type: z.literal('terminal_attached'),
    terminal: TerminalView,
    offset: z.int().describe('where the output that follows begins'),
    ref: z.string().optional(),
  })
  .meta({ id: 'TerminalAttachedFrame', description: 'The answer to an open or an attach; output follows.' });

const Output = z
  .object({
    Type: z.literal('terminal_output'),
    terminal_id,
    offset: z.int().describe('of its first byte'),
    data: z.string().describe('base64'),
  })
  .meta({ id: 'TerminalOutputFrame', description: 'What a terminal puts out.' });

const Detached = z
  .object({ Type: z.literal('terminal_detached'), terminal_id, reason: z.enum(['lagging']) })
  .meta({ id: 'TerminalDetachedFrame', description: 'Nothing more comes unless the client attaches again.' });

export const TerminalEndReason = z.enum(['closed', 'idle', 'time_limit', 'access_revoked', 'server_stopped']);
export type TerminalEndReason = z.infer<typeof TerminalEndReason>;

const Exit = z
  .object({
    Type: z.literal('terminal_exit'),
    terminal_id,
    exit_code: z.int().nullable(),
    signal: z.string().nullable(),
    reason: TerminalEndReason.optional().describe('absent when the shell ended by itself'),
  })
  .meta({ id: 'TerminalExitFrame', description: 'The terminal has ended; all of its output came before.' });

const List = z
  .object({ Type: z.literal('terminals'), terminals: z.array(TerminalView), ref: z.string().optional() })
  .meta({ id: 'TerminalsFrame', description: 'The caller’s terminals on this server, oldest first.' });

export const TERMINAL_SERVER_FRAMES = [Attached, Output, Detached, Exit, List] as const;
