import type { TerminalEndReason } from '../protocol/terminal/server-frames.ts';
import type { TerminalSignal, TerminalView } from '../protocol/terminal/view.ts';

export interface TerminalSize {
  rows: number;
  cols: number;
}

export interface TerminalExit {
  exitCode: number | null;
  signal: string | null;
  /** Absent when the shell ended by itself. */
  reason?: TerminalEndReason;
}

/** Who shows a terminal. Nothing here may throw. */
export interface TerminalClient {
  output(offset: number, bytes: Buffer): void;
  /** Nothing follows until `writable` resolves. */
  full(): boolean;
  /** Rejects when the client is gone. */
  writable(): Promise<void>;
  detached(reason: 'lagging'): void;
  /** After the last output. */
  ended(exit: TerminalExit): void;
}

export interface TerminalAttachment {
  /** Where the output begins that the client gets. */
  readonly offset: number;
  /** Sends what is kept and what follows; call it once. */
  start(): void;
  /** How far the client has shown the output. */
  ack(offset: number): void;
  detach(): void;
}

/** A shell with a screen of its own in a workspace. It outlives its clients for a while. */
export interface Terminal {
  readonly id: string;
  readonly userId: string;
  readonly projectId: string;
  view(): TerminalView;
  /** `from`: how far the client has the output; absent: all that is kept. */
  attach(client: TerminalClient, from?: number): TerminalAttachment;
  /** Throws `overloaded` when the program does not read. */
  input(bytes: Buffer): void;
  resize(size: TerminalSize): void;
  /** For what runs in the foreground. */
  signal(signal: TerminalSignal): void;
  end(reason: TerminalEndReason): Promise<void>;
}
