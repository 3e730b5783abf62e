import type { Terminal, TerminalAttachment, TerminalClient, TerminalExit } from '#domain/terminal/index.ts';
import { until } from '../../harness/until.ts';

/** A client of a terminal that reads all, or nothing for as long as it is stalled. */
export interface Screen {
  bytes(): Buffer;
  text(): string;
  exit(): TerminalExit | null;
  dropped(): boolean;
  /** Begins to acknowledge again. */
  resume(): void;
  attachment: TerminalAttachment;
  /** Waits for text behind what was waited for before. */
  shows(text: string | RegExp): Promise<void>;
  type(text: string): void;
}

export function openScreen(terminal: Terminal, options: { from?: number; stalled?: boolean } = {}): Screen {
  const pieces: Buffer[] = [];
  let stalled = options.stalled ?? false;
  let exit: TerminalExit | null = null;
  let dropped = false;
  let end = 0;
  let seen = 0;
  const client: TerminalClient = {
    output(offset, bytes) {
      pieces.push(bytes);
      end = offset + bytes.length;
      // As a client does: later, in its own time.
      if (!stalled) setImmediate(() => attachment.ack(end));
    },
    full: () => false,
    writable: async () => {},
    detached: () => {
      dropped = true;
    },
    ended: (how) => {
      exit = how;
    },
  };
  const attachment = terminal.attach(client, options.from);
  attachment.start();
  const text = () => Buffer.concat(pieces).toString();
  return {
    bytes: () => Buffer.concat(pieces),
    text,
    exit: () => exit,
    dropped: () => dropped,
    resume() {
      stalled = false;
      attachment.ack(end);
    },
    attachment,
    async shows(wanted) {
      const found = await until(
        () => {
          const rest = text().slice(seen);
          const match = typeof wanted === 'string' ? rest.indexOf(wanted) : rest.search(wanted);
          return match >= 0 ? { at: seen + match } : null;
        },
        `${wanted} on the screen, which shows ${JSON.stringify(text().slice(-600))}`,
      );
      seen = found.at + 1;
    },
    type: (typed) => terminal.input(Buffer.from(typed)),
  };
}
