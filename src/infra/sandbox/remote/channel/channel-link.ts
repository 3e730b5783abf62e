import type { WorkspaceError } from '#domain/workspace/index.ts';
import type { ChannelReply, ChannelRequest, FrameKind } from '../../wire/channel-wire.ts';

/** What one process makes of the messages that are meant for it. */
export interface Receiver {
  reply(message: Exclude<ChannelReply, { type: 'hello' }>): void;
  frame(kind: FrameKind, payload: Buffer): void;
  /** The channel is gone, and the process with it. */
  lost(error: WorkspaceError): void;
}

/** An open channel as its processes see it. */
export interface ChannelLink {
  /** A number for a new process. Throws `unavailable` when the channel is gone. */
  register(receiver: Receiver): number;
  forget(id: number): void;
  /** Throws `too_large`. */
  send(message: ChannelRequest): void;
  frame(kind: FrameKind, id: number, payload: Uint8Array): void;
}

/** From asking a process to end until it is given up: what the host itself allows, and a little more. */
export const STOP_PATIENCE_MS = 10_000;
