import type { Context } from '#domain/context.ts';
import { DomainError } from '#domain/errors.ts';
import type { ServerFrame, TerminalClientFrame } from '#domain/protocol/index.ts';
import {
  getOwnedTerminal,
  type OpenTerminalDeps,
  openTerminal,
  type Terminal,
  type TerminalAttachment,
  type TerminalClient,
} from '#domain/terminal/index.ts';
import type { Log } from '#shared/log.ts';
import { errorFrame } from '../stream/wire.ts';
import type { Outlet } from './outlet.ts';

export interface TerminalFramesDeps extends OpenTerminalDeps {
  ctx: Context<'projects' | 'sessions'>;
  send: (frame: ServerFrame) => void;
  outlet: Pick<Outlet, 'full' | 'writable'>;
  draining: () => boolean;
  isClosed: () => boolean;
  logger: Log;
}

/** What one socket does with terminals. Its terminals go on without it. */
export interface TerminalFrames {
  /** Input takes no turn behind other commands: who may write was checked when the socket was attached. */
  handle(frame: TerminalClientFrame): void;
  close(): void;
}

type Frame<T extends TerminalClientFrame['type']> = Extract<TerminalClientFrame, { type: T }>;

interface Shown {
  terminal: Terminal;
  attachment: TerminalAttachment;
}

export function createTerminalFrames(deps: TerminalFramesDeps): TerminalFrames {
  const { ctx, send, outlet, terminals } = deps;
  const shown = new Map<string, Shown>();

  function clientOf(terminal: Terminal): TerminalClient {
    const terminal_id = terminal.id;
    return {
      output: (offset, bytes) =>
        send({ Type: 'terminal_output', terminal_id, offset, data: bytes.toString('base64') }),
      full: outlet.full,
      writable: outlet.writable,
      detached(reason) {
        shown.delete(terminal_id);
        send({ Type: 'terminal_detached', terminal_id, reason });
      },
      ended({ exitCode, signal, reason }) {
        shown.delete(terminal_id);
        send({ Type: 'terminal_exit', terminal_id, exit_code: exitCode, signal, reason });
      },
    };
  }

  function attach(terminal: Terminal, { offset, ref }: { offset?: number; ref?: string }): void {
    shown.get(terminal.id)?.attachment.detach();
    const attachment = terminal.attach(clientOf(terminal), offset);
    shown.set(terminal.id, { terminal, attachment });
    send({ Type: 'terminal_attached', terminal: terminal.view(), offset: attachment.offset, ref });
    attachment.start();
  }

  async function open(frame: Frame<'terminal_open'>): Promise<void> {
    if (deps.draining()) throw new DomainError('draining', 'This server is about to stop; connect again');
    const { project_id: projectId, session_id: sessionId, rows, cols, ref } = frame;
    const terminal = await openTerminal(deps, ctx, { projectId, sessionId, size: { rows, cols } });
    if (!deps.isClosed()) attach(terminal, { ref });
  }

  function attachKnown(frame: Frame<'terminal_attach'>): void {
    const terminal = getOwnedTerminal(terminals, ctx, frame.terminal_id);
    const { rows, cols } = terminal.view();
    terminal.resize({ rows: frame.rows ?? rows, cols: frame.cols ?? cols });
    attach(terminal, frame);
  }

  function list({ project_id: projectId, ref }: Frame<'terminal_list'>): void {
    const own = ctx.actor.kind === 'user' ? terminals.list(ctx.actor.userId) : [];
    const wanted = own.filter((one) => projectId === undefined || one.projectId === projectId);
    send({ Type: 'terminals', terminals: wanted.map((one) => one.view()), ref });
  }

  function carryOut(frame: TerminalClientFrame): Promise<void> | void {
    switch (frame.type) {
      case 'terminal_open':
        return open(frame);
      case 'terminal_attach':
        return attachKnown(frame);
      case 'terminal_input':
        return getOwnedTerminal(terminals, ctx, frame.terminal_id).input(Buffer.from(frame.data, 'base64'));
      case 'terminal_resize':
        return getOwnedTerminal(terminals, ctx, frame.terminal_id).resize(frame);
      case 'terminal_signal':
        return getOwnedTerminal(terminals, ctx, frame.terminal_id).signal(frame.signal);
      case 'terminal_ack':
        shown.get(frame.terminal_id)?.attachment.ack(frame.offset);
        return;
      case 'terminal_detach':
        shown.get(frame.terminal_id)?.attachment.detach();
        shown.delete(frame.terminal_id);
        return;
      case 'terminal_close':
        return getOwnedTerminal(terminals, ctx, frame.terminal_id).end('closed');
      case 'terminal_list':
        return list(frame);
    }
  }

  function refuse(frame: TerminalClientFrame, error: unknown): void {
    if (deps.isClosed()) return;
    const { terminal_id, ref } = { terminal_id: undefined, ref: undefined, ...frame };
    send({ ...errorFrame(error, {}, deps.logger), terminal_id, ref });
  }

  return {
    handle(frame) {
      try {
        carryOut(frame)?.catch((error: unknown) => refuse(frame, error));
      } catch (error) {
        refuse(frame, error);
      }
    },
    close() {
      for (const { attachment } of shown.values()) attachment.detach();
      shown.clear();
    },
  };
}
