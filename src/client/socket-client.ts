import { WebSocket } from 'ws';
import { revealLine } from '#cli/chat/terminal/sanitize.ts';
import { EXIT, FatalError } from '#config/errors.ts';
import type { ClientFrame } from '#domain/protocol/client-frames.ts';
import { deferred } from '#shared/async/deferred.ts';
import { sleep } from '#shared/async/sleep.ts';
import { type ClosePolicy, closePolicy, refusalPolicy } from './close-policy.ts';
import type { ReceivedFrame } from './reducer.ts';
import { openSocket, type SocketEnd } from './socket-connection.ts';

export interface SocketClientDeps {
  url: URL;
  sessionId: string;
  token(): string;
  renewToken(signal: AbortSignal): Promise<void>;
  /** Position to resume from; '' for none. */
  cursor(): string;
  /** `reconnect` is about to be sent. */
  onAttaching(): void;
  onFrame(frame: ReceivedFrame): void;
  /** Lost and regained connections, for the user. */
  onNotice(text: string): void;
}

/** Keeps one session attached until it is closed. */
export interface SocketClient {
  /** Resolves at the first attach. Throws `FatalError` when there is none to be had. */
  connect(): Promise<void>;
  /** Rejects when the connection is lost for good; never resolves. */
  readonly failed: Promise<never>;
  /** Sends at once, or right after the next attach. */
  send(frame: ClientFrame): void;
  close(): Promise<void>;
}

/** How long a lost connection is tried again. */
const GIVE_UP_AFTER_MS = 120_000;
/** How long the first attach is tried. */
const FIRST_ATTACH_MS = 15_000;
const MAX_RENEWALS_IN_A_ROW = 5;
const RENEWAL_RETRY_MS = 2_000;
/** A connection that lasted this long ends the back-off. */
const STABLE_AFTER_MS = 5_000;
const MAX_HELD_FRAMES = 100;

export function createSocketClient(deps: SocketClientDeps): SocketClient {
  const stop = new AbortController();
  const first = deferred<void>();
  const failure = deferred<never>();
  failure.promise.catch(() => {});
  first.promise.catch(() => {});
  const held: ClientFrame[] = [];
  let socket: WebSocket | null = null;
  let isAttached = false;
  let everAttached = false;
  let attachedAt = 0;
  let running: Promise<void> | null = null;

  const transmit = (frame: ClientFrame) => socket?.send(JSON.stringify(frame));

  async function connectOnce(lastMsgId: string): Promise<SocketEnd> {
    const url = new URL(deps.url);
    url.searchParams.set('session_id', deps.sessionId);
    const connection = openSocket(
      { url, token: deps.token(), signal: stop.signal },
      {
        onOpen(opened) {
          socket = opened;
          deps.onAttaching();
          transmit({ type: 'reconnect', sessionID: deps.sessionId, lastMsgId });
        },
        onFrame(frame) {
          deps.onFrame(frame);
          if (frame.Type === 'reconnection_status' && !isAttached) onAttached();
          if (frame.Type === 'error' && !everAttached) fail(new FatalError(revealLine(frame.error)));
        },
        isAttached: () => isAttached,
      },
    );
    const end = await connection;
    socket = null;
    return end;
  }

  function fail(error: unknown): void {
    first.reject(error);
    failure.reject(error);
  }

  function onAttached(): void {
    isAttached = true;
    attachedAt = Date.now();
    if (everAttached) deps.onNotice('connected again');
    everAttached = true;
    first.resolve();
    for (const frame of held.splice(0)) transmit(frame);
  }

  function policyOf(end: SocketEnd, attempt: number): ClosePolicy {
    if (end.kind === 'closed') return closePolicy(end.code, attempt);
    if (end.kind === 'refused') return refusalPolicy(end.status, attempt, end.message);
    if (!everAttached) return { action: 'give_up', reason: end.message };
    return closePolicy(1006, attempt);
  }

  /** A server that cannot be reached for a moment is asked again with the next connection. */
  async function renewToken(isLost: boolean): Promise<void> {
    try {
      await deps.renewToken(stop.signal);
    } catch (error) {
      if (isLost || !everAttached || !(error instanceof FatalError)) throw error;
      await sleep(RENEWAL_RETRY_MS, stop.signal);
    }
  }

  async function keepAttached(): Promise<void> {
    let attempt = 0;
    let renewals = 0;
    let lastMsgId = deps.cursor();
    let lostAt = Date.now();
    while (!stop.signal.aborted) {
      const end = await connectOnce(lastMsgId);
      if (stop.signal.aborted) return;
      if (isAttached) {
        lostAt = Date.now();
        // A server that drops each connection soon after its attach must not be stormed.
        if (lostAt - attachedAt > STABLE_AFTER_MS) {
          attempt = 0;
          renewals = 0;
        }
        deps.onNotice('connection lost, trying again …');
      }
      isAttached = false;
      const policy = policyOf(end, attempt++);
      const isLost = Date.now() - lostAt > (everAttached ? GIVE_UP_AFTER_MS : FIRST_ATTACH_MS);
      if (policy.action === 'give_up') throw unavailable(deps.url, policy.reason);
      if (policy.action === 'renew_token') {
        if (++renewals > MAX_RENEWALS_IN_A_ROW) throw unavailable(deps.url, 'the token is not accepted');
        await renewToken(isLost);
      } else {
        if (isLost) throw unavailable(deps.url, 'the connection could not be restored');
        await sleep(randomBetween(policy.minDelayMs, policy.maxDelayMs), stop.signal);
      }
      lastMsgId = policy.action === 'resume' && policy.forgetCursor ? '' : deps.cursor();
    }
  }

  return {
    failed: failure.promise,
    connect() {
      running ??= keepAttached().catch((error: unknown) => {
        if (!stop.signal.aborted) fail(error);
      });
      return first.promise;
    },
    send(frame) {
      if (isAttached && socket?.readyState === WebSocket.OPEN) transmit(frame);
      else if (held.length < MAX_HELD_FRAMES) held.push(frame);
    },
    async close() {
      stop.abort();
      await running;
    },
  };
}

function randomBetween(min: number, max: number): number {
  return min + Math.random() * (max - min);
}

function unavailable(url: URL, reason: string): FatalError {
  return new FatalError(
    `no realtime connection to ${url.origin}${url.pathname}: ${reason}`,
    EXIT.unavailable,
  );
}
