import { z } from 'zod';
import { ImageReference, MAX_PROMPT_IMAGES } from './requests/prompt.ts';
import { TerminalClientFrame } from './terminal/client-frames.ts';

/** Clients spell the session's id in two ways. */
const sessionIdKeys = { sessionID: z.string().optional(), session_id: z.string().optional() };

const Message = z
  .object({
    type: z.literal('message'),
    ...sessionIdKeys,
    content: z.string(),
    images: z.array(ImageReference).max(MAX_PROMPT_IMAGES).optional(),
    client_msg_id: z.string().min(1).max(128).optional().describe('the same twice is one turn'),
  })
  .meta({ description: 'Starts or queues a turn.' });

const Reconnect = z
  .object({
    type: z.literal('reconnect'),
    ...sessionIdKeys,
    lastMsgId: z.unknown().describe('the last cursor, or empty'),
  })
  .meta({ description: 'Binds the socket to a session and resumes after the cursor.' });

const PermissionResponse = z
  .object({
    type: z.literal('permission_response'),
    ...sessionIdKeys,
    id: z.string().optional(),
    tool_call_id: z.string().optional(),
    granted: z.boolean().optional(),
    denied: z.boolean().optional(),
    allow_for_session: z.boolean().optional(),
    tool_name: z.string().optional(),
    action: z.string().optional(),
    path: z.string().optional(),
  })
  .meta({ description: 'Answers a request; the first answer wins.' });

const Cancel = z
  .object({ type: z.literal('cancel'), ...sessionIdKeys })
  .meta({ description: 'Cancels the running turn and clears the queue.' });

const Summarize = z
  .object({ type: z.literal('summarize'), ...sessionIdKeys })
  .meta({ description: 'Puts a summary in the place of the history; refused while a turn is unfinished.' });

const Auth = z
  .object({ type: z.literal('auth'), token: z.string().max(8192) })
  .meta({ description: 'Replaces the token before it expires.' });

const Ping = z.object({ type: z.literal('ping') }).meta({ description: 'Asks for a pong.' });

export const ClientFrame = z
  .discriminatedUnion('type', [
    Message,
    Reconnect,
    PermissionResponse,
    Cancel,
    Summarize,
    Auth,
    Ping,
    ...TerminalClientFrame.options,
  ])
  .meta({ id: 'ClientFrame' });
export type ClientFrame = z.infer<typeof ClientFrame>;

export function frameSessionId(frame: { sessionID?: string; session_id?: string }): string | undefined {
  return frame.session_id ?? frame.sessionID;
}
