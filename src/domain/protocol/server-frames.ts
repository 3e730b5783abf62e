import { z } from 'zod';
import { SessionFrame } from './session-frames.ts';
import { TERMINAL_SERVER_FRAMES } from './terminal/server-frames.ts';
import { SessionStatus } from './views/session.ts';

const ReconnectionStatus = z
  .object({
    Type: z.literal('reconnection_status'),
    session_id: z.string(),
    messages_replayed: z.number().int(),
    generation_active: z.boolean(),
    session_status: SessionStatus,
    is_running: z.boolean(),
    last_stream_id: z.string().describe('the cursor from which events follow'),
    resumed: z.boolean().describe('false: a snapshot came before this'),
    reason: z.string().optional(),
  })
  .meta({ id: 'ReconnectionStatusFrame', description: 'Ends the answer to an attach; live events follow.' });

const ErrorFrame = z
  .object({
    Type: z.literal('error'),
    session_id: z.string().optional(),
    error: z.string(),
    code: z.string(),
    client_msg_id: z.string().optional(),
    terminal_id: z.string().optional(),
    ref: z.string().optional(),
  })
  .meta({ id: 'ErrorFrame', description: 'A frame of the client was not carried out.' });

const Notice = z
  .object({
    Type: z.literal('notice'),
    kind: z.enum(['draining', 'catalogue_updated']),
    message: z.string(),
  })
  .meta({ id: 'NoticeFrame', description: 'For every socket of the server.' });

const Heartbeat = z
  .object({
    Type: z.literal('heartbeat'),
    heads: z.record(z.string(), z.string()).describe('the last cursor of each attached session'),
  })
  .meta({ id: 'HeartbeatFrame', description: 'Sent when nothing else was for about 25 seconds.' });

const Pong = z
  .object({ Type: z.literal('pong') })
  .meta({ id: 'PongFrame', description: 'The answer to a ping.' });

/** Frames that a gateway makes for one socket or for all of them. */
export const SocketFrame = z.discriminatedUnion('Type', [
  ReconnectionStatus,
  ErrorFrame,
  Notice,
  Heartbeat,
  Pong,
  ...TERMINAL_SERVER_FRAMES,
]);
export type SocketFrame = z.infer<typeof SocketFrame>;

export const ServerFrame = z
  .discriminatedUnion('Type', [SessionFrame, SocketFrame])
  .meta({ id: 'ServerFrame' });
export type ServerFrame = z.infer<typeof ServerFrame>;

/** A frame as a client gets it: one of the event log names its position. */
export const ReceivedFrame = z.intersection(ServerFrame, z.object({ _streamId: z.string().optional() }));
export type ReceivedFrame = z.infer<typeof ReceivedFrame>;
