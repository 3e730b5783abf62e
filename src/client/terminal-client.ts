import type { TerminalClientFrame } from '#domain/protocol/terminal/client-frames.ts';
import type { TerminalEndReason } from '#domain/protocol/terminal/server-frames.ts';
import type { TerminalView } from '#domain/protocol/terminal/view.ts';
import { deferred } from '#shared/async/deferred.ts';
import { sleep } from '#shared/async/sleep.ts';
import type { Clock } from '#shared/clock.ts';
import { closePolicy, refusalPolicy } from './close-policy.ts';
import type { ReceivedFrame } from './conversation-state.ts';
import type { Dial } from './dial.ts';
import { runConnection, type SocketEnd } from './socket-connection.ts';

/** Which terminal is shown: one that runs, picked from the caller's, or else a new one. */
export interface TerminalWish {
  pick(terminals: readonly TerminalView[]): TerminalView | undefined;
  projectId?: string;
  sessionId?: string;
}

export interface TerminalClientDeps {
  url: URL;
  dial: Dial;
  clock: Clock;
  wish: TerminalWish;
  token(): string;
  renewToken(signal: AbortSignal): Promise<void>;
  size(): { rows: number; cols: number };
  /** `shown` tells that there is room for more. */
  onOutput(bytes: Uint8Array, shown: () => void): void;
  onConnection(state: 'lost' | 'restored'): void;
  /** Ends the connection; the terminal goes on. */
  signal: AbortSignal;
}

export type TerminalEnd =
  | { kind: 'exited'; exitCode: number | null; signal: string | null; reason?: TerminalEndReason }
  | { kind: 'detached' }
  /** It was refused, or the connection is lost for good. */
  | { kind: 'failed'; message: string };

export interface TerminalClient {
  /** Resolves when the terminal has ended, the signal came, or nothing more can be done. Never rejects. */
  readonly ended: Promise<TerminalEnd>;
  /** Lost while there is no connection. */
  input(bytes: Uint8Array): void;
  /** The size has changed. */
  resized(): void;
}

const GIVE_UP_AFTER_MS = 120_000;
const MAX_INPUT_BYTES = 24 * 1024;
const CONNECTION_FAILED = 1006;

/** Shows one terminal over connections that may break: what was put out meanwhile follows. */
export function createTerminalClient(deps: TerminalClientDeps): TerminalClient {
  const { clock, signal } = deps;
  const over = deferred<TerminalEnd>();
  const leave = new AbortController();
  let id: string | null = null;
  let shown = 0;
  let isAttached = false;
  let send: (frame: TerminalClientFrame) => void = () => {};

  function finish(end: TerminalEnd): void {
    over.resolve(end);
    leave.abort();
  }

  function onFrame(frame: ReceivedFrame): void {
    switch (frame.Type) {
      case 'terminals': {
        const found = deps.wish.pick(frame.terminals);
        const { projectId, sessionId } = deps.wish;
        if (found) send({ type: 'terminal_attach', terminal_id: found.id, ...deps.size() });
        else send({ type: 'terminal_open', project_id: projectId, session_id: sessionId, ...deps.size() });
        return;
      }
      case 'terminal_attached':
        if (id !== null) deps.onConnection('restored');
        id = frame.terminal.id;
        shown = Math.max(shown, frame.offset);
        isAttached = true;
        return;
      case 'terminal_output':
        onOutput(frame.offset, frame.data);
        return;
      case 'terminal_detached':
        if (id !== null) send({ type: 'terminal_attach', terminal_id: id, offset: shown });
        return;
      case 'terminal_exit':
        finish({
          kind: 'exited',
          exitCode: frame.exit_code,
          signal: frame.signal,
          reason: frame.reason,
        });
        return;
      case 'error':
        if (!isAttached) finish({ kind: 'failed', message: frame.error });
        return;
      default:
    }
  }

  function onOutput(offset: number, data: string): void {
    const bytes = Uint8Array.from(atob(data), (character) => character.charCodeAt(0));
    const end = offset + bytes.length;
    if (end <= shown) return;
    const fresh = bytes.subarray(Math.max(0, shown - offset));
    shown = end;
    deps.onOutput(fresh, () => {
      if (id !== null) send({ type: 'terminal_ack', terminal_id: id, offset: end });
    });
  }

  async function connectOnce(): Promise<SocketEnd> {
    isAttached = false;
    const target = { dial: deps.dial, clock, url: deps.url, token: deps.token(), signal: leave.signal };
    const end = await runConnection(target, {
      onOpen(text) {
        send = (frame) => text(JSON.stringify(frame));
        if (id === null) send({ type: 'terminal_list' });
        else send({ type: 'terminal_attach', terminal_id: id, offset: shown, ...deps.size() });
      },
      onFrame,
      isAttached: () => isAttached,
    });
    send = () => {};
    return end;
  }

  async function keepConnected(): Promise<void> {
    let attempt = 0;
    let lostAt = clock.now();
    while (!leave.signal.aborted) {
      const end = await connectOnce();
      if (leave.signal.aborted) return;
      if (isAttached) {
        deps.onConnection('lost');
        lostAt = clock.now();
        attempt = 0;
      }
      if (end.kind === 'unreachable' && id === null) throw new Error(end.message);
      const policy =
        end.kind === 'refused'
          ? refusalPolicy(end.status, attempt, end.message)
          : closePolicy(end.kind === 'closed' ? end.code : CONNECTION_FAILED, attempt);
      attempt += 1;
      if (policy.action === 'give_up') throw new Error(policy.reason);
      if (clock.now() - lostAt > GIVE_UP_AFTER_MS) throw new Error('the connection could not be restored');
      if (policy.action === 'renew_token') await deps.renewToken(leave.signal);
      else
        await sleep(
          policy.minDelayMs + Math.random() * (policy.maxDelayMs - policy.minDelayMs),
          leave.signal,
        );
    }
  }

  const detach = () => finish({ kind: 'detached' });
  signal.addEventListener('abort', detach, { once: true });
  if (signal.aborted) detach();
  const ended = Promise.all([
    over.promise,
    keepConnected().catch((error: unknown) =>
      finish({ kind: 'failed', message: error instanceof Error ? error.message : String(error) }),
    ),
  ]).then(([end]) => end);

  return {
    ended: ended.finally(() => signal.removeEventListener('abort', detach)),
    input(bytes) {
      if (id === null) return;
      for (let at = 0; at < bytes.length; at += MAX_INPUT_BYTES) {
        const piece = bytes.subarray(at, at + MAX_INPUT_BYTES);
        send({ type: 'terminal_input', terminal_id: id, data: toBase64(piece) });
      }
    },
    resized() {
      if (id !== null) send({ type: 'terminal_resize', terminal_id: id, ...deps.size() });
    },
  };
}

function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}
