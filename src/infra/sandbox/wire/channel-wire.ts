import { z } from 'zod';
import { WORKSPACE_ERROR_CODES } from '#domain/workspace/workspace.ts';

/**
 * What travels over the WebSocket between a server and a sandbox host: control messages as JSON texts, bytes as
 * binary frames. One socket carries many processes; the connecting side numbers them.
 */
export const CHANNEL_PATH = '/v1/channel';

/** How much of one stream of a spawned process may be on the way; the reader grants more as it reads. */
export const CHANNEL_WINDOW_BYTES = 256 * 1024;
/** Of one message or frame; a command travels with its standard input. */
export const MAX_CHANNEL_MESSAGE_BYTES = 16 * 1024 * 1024;
/** Of one binary frame of a stream; a live piece of text is not cut. */
export const MAX_FRAME_PAYLOAD_BYTES = 64 * 1024;
export const CHANNEL_PING_INTERVAL_MS = 5_000;
/** A side that has been silent for this long is gone. */
export const CHANNEL_SILENCE_MS = 15_000;

const ProcessId = z.int().min(1).max(0xffff_ffff);
const Bytes = z.int().min(1).max(CHANNEL_WINDOW_BYTES);
const Place = { id: ProcessId, project_id: z.string(), root: z.string().nullable() };
const Surroundings = {
  cwd: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
};

export const ChannelRequest = z.discriminatedUnion('type', [
  z.object({
    type: z.literal('exec'),
    ...Place,
    ...Surroundings,
    command: z.string(),
    stdin: z.string().optional(),
    timeout_ms: z.number().positive().optional(),
    max_output_bytes: z.int().min(0).optional(),
    /** Whether output is wanted while the command runs. */
    live: z.boolean(),
  }),
  z.object({
    type: z.literal('spawn'),
    ...Place,
    ...Surroundings,
    argv: z.tuple([z.string()], z.string()),
  }),
  /** A connection to a port of the project's loopback; from then on like a process without standard error. */
  z.object({ type: z.literal('connect'), ...Place, port: z.int().min(1).max(65_535) }),
  /** Ends a process: TERM, then KILL. Its result or exit follows. */
  z.object({ type: z.literal('stop'), id: ProcessId }),
  z.object({ type: z.literal('stdin_end'), id: ProcessId }),
  z.object({
    type: z.literal('credit'),
    id: ProcessId,
    stream: z.enum(['stdout', 'stderr']),
    bytes: Bytes,
  }),
]);
export type ChannelRequest = z.infer<typeof ChannelRequest>;
export type ChannelExec = Extract<ChannelRequest, { type: 'exec' }>;
export type ChannelSpawn = Extract<ChannelRequest, { type: 'spawn' }>;
export type ChannelConnect = Extract<ChannelRequest, { type: 'connect' }>;

export const ChannelReply = z.discriminatedUnion('type', [
  /** The first message of a connection. */
  z.object({ type: z.literal('hello'), driver: z.string(), isolated: z.boolean() }),
  /** The end of a command; its kept output came before as frames. */
  z.object({
    type: z.literal('result'),
    id: ProcessId,
    exit_code: z.int().nullable(),
    signal: z.string().nullable(),
    timed_out: z.boolean(),
    cancelled: z.boolean(),
    truncated_bytes: z.number(),
    duration_ms: z.number(),
  }),
  z.object({ type: z.literal('spawned'), id: ProcessId }),
  z.object({ type: z.literal('credit'), id: ProcessId, bytes: Bytes }),
  z.object({ type: z.literal('end'), id: ProcessId, stream: z.enum(['stdout', 'stderr']) }),
  z.object({
    type: z.literal('exit'),
    id: ProcessId,
    exit_code: z.int().nullable(),
    signal: z.string().nullable(),
  }),
  z.object({
    type: z.literal('error'),
    id: ProcessId,
    code: z.enum(WORKSPACE_ERROR_CODES),
    error: z.string(),
  }),
]);
export type ChannelReply = z.infer<typeof ChannelReply>;

/** `kept_*`: what is kept of a command's output; the others as it arrives. */
const FRAME_KINDS = ['stdin', 'stdout', 'stderr', 'kept_stdout', 'kept_stderr'] as const;
export type FrameKind = (typeof FRAME_KINDS)[number];

export interface ChannelFrame {
  kind: FrameKind;
  id: number;
  payload: Buffer;
}

const HEADER_BYTES = 5;

/** One byte for the kind, four for the process, the rest is payload. */
export function encodeFrame(kind: FrameKind, id: number, payload: Uint8Array): Buffer {
  const frame = Buffer.allocUnsafe(HEADER_BYTES + payload.length);
  frame.writeUInt8(FRAME_KINDS.indexOf(kind), 0);
  frame.writeUInt32BE(id, 1);
  frame.set(payload, HEADER_BYTES);
  return frame;
}

/** Null for what is no frame. */
export function decodeFrame(bytes: Buffer): ChannelFrame | null {
  if (bytes.length < HEADER_BYTES) return null;
  const kind = FRAME_KINDS[bytes.readUInt8(0)];
  return kind === undefined
    ? null
    : { kind, id: bytes.readUInt32BE(1), payload: bytes.subarray(HEADER_BYTES) };
}

/** Pieces that fit into one frame each. */
export function* framePayloads(bytes: Uint8Array): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += MAX_FRAME_PAYLOAD_BYTES) {
    yield bytes.subarray(at, at + MAX_FRAME_PAYLOAD_BYTES);
  }
}
