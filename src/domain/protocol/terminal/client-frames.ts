import { z } from 'zod';
import { TerminalColumns, TerminalRows, TerminalSignal } from './view.ts';

/** Of one `terminal_input`, before base64. */
export const MAX_TERMINAL_INPUT_BYTES = 32 * 1024;
const MAX_INPUT_CHARS = Math.ceil(MAX_TERMINAL_INPUT_BYTES / 3) * 4;

const terminal_id = z.string().max(64);
const ref = z.string().max(64).optional().describe('repeated in the answer');
const Offset = z.int().min(0);

const Open = z
  .object({
    type: z.literal('terminal_open'),
    project_id: z.string().optional(),
    session_id: z.string().optional().describe('instead of a project; the terminal is among its jobs'),
    rows: TerminalRows,
    cols: TerminalColumns,
    ref,
  })
  .meta({ description: 'Starts a shell in the workspace and attaches the socket to it.' });

const Attach = z
  .object({
    type: z.literal('terminal_attach'),
    terminal_id,
    offset: Offset.optional().describe('how far the client has it; absent: all that is kept'),
    rows: TerminalRows.optional(),
    cols: TerminalColumns.optional(),
    ref,
  })
  .meta({ description: 'Sends what the terminal has put out and what follows, also of one that has ended.' });

const Input = z
  .object({
    type: z.literal('terminal_input'),
    terminal_id,
    data: z.base64().max(MAX_INPUT_CHARS).describe('base64, of at most 32 KiB'),
  })
  .meta({
    description:
      'What is typed. Sent with `type` as its first key it is not held against the rate of other frames.',
  });

const Resize = z
  .object({ type: z.literal('terminal_resize'), terminal_id, rows: TerminalRows, cols: TerminalColumns })
  .meta({ description: 'The size of the window; the last one of any client holds.' });

const Signal = z
  .object({ type: z.literal('terminal_signal'), terminal_id, signal: TerminalSignal })
  .meta({ description: 'For what runs in the foreground.' });

const Ack = z.object({ type: z.literal('terminal_ack'), terminal_id, offset: Offset }).meta({
  description:
    'How far the client has shown the output. No more than 64 KiB are sent beyond it, and the program waits when a client lags by 128 KiB; a client that does not go on for ten seconds is detached.',
});

const Detach = z
  .object({ type: z.literal('terminal_detach'), terminal_id })
  .meta({ description: 'Sends no more; the terminal goes on.' });

const Close = z
  .object({ type: z.literal('terminal_close'), terminal_id })
  .meta({ description: 'Ends the terminal and all that runs in it.' });

const List = z
  .object({ type: z.literal('terminal_list'), project_id: z.string().optional(), ref })
  .meta({ description: 'Asks for the caller’s terminals on this server.' });

export const TerminalClientFrame = z.discriminatedUnion('type', [
  Open,
  Attach,
  Input,
  Resize,
  Signal,
  Ack,
  Detach,
  Close,
  List,
]);
export type TerminalClientFrame = z.infer<typeof TerminalClientFrame>;

/** How the text of such a frame begins when it is written as documented. */
export const TERMINAL_FRAME_PREFIX = '{"type":"terminal_';

export function isTerminalFrame<F extends { type: string }>(
  frame: F,
): frame is Extract<F, { type: TerminalClientFrame['type'] }> {
  return frame.type.startsWith('terminal_');
}
