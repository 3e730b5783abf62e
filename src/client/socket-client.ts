import type { ClientFrame } from '#domain/protocol/client-frames.ts';
import { deferred } from '#shared/async/deferred.ts';
import { sleep } from '#shared/async/sleep.ts';
import type { Clock } from '#shared/clock.ts';
import { type ClosePolicy, closePolicy, refusalPolicy } from './close-policy.ts';
import type { ReceivedFrame } from './conversation-state.ts';
import type { Dial } from './dial.ts';
import { runConnection, type SocketEnd } from './socket-connection.ts';

/** No connection is to be had, or the server refused to attach. The message is the reason, in a line. */
export class ConnectionError extends Error {
  readonly kind: 'lost' | 'refused';
  constructor(kind: 'lost' | 'refused', reason: string) {
    super(reason);
    this.name = 'ConnectionError';
    this.kind = kind;
  }
}

export interface SocketClientDeps {
  url: URL;
  sessionId: string;
  dial: Dial;
  clock: Clock;
  token(): string;
  /** Throws when no new token is to be had, resolves with `unreachable` when the server could not be asked. */
  renewToken(signal: AbortSignal): Promise<'renewed' | 'unreachable'>;
  /** Position to resume from; '' for none. */
  cursor(): string;
  /** `reconnect` is about to be sent. */
  onAttaching(): void;
  onFrame(frame: ReceivedFrame): void;
  /** The connection was lost and is tried again, or is back. */
  onConnection(state: 'lost' | 'restored'): void;
}

/** Keeps one session attached until it is closed. */
export interface SocketClient {
  /** Resolves at the first attach. Throws `ConnectionError`, or what `renewToken` threw. */
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
const CONNECTION_FAILED = 1006;
/** Where refusals look like any failure, an old token is the likely reason of repeated ones. */
const FAILURES_BEFORE_RENEWAL = 3;

export function createSocketClient(deps: SocketClientDeps): SocketClient {
  const { clock } = deps;
  const stop = new AbortController();
  const first = deferred<void>();
  const failure = deferred<never>();
  failure.promise.catch(() => {});
  first.promise.catch(() => {});
  const held: ClientFrame[] = [];
  let sendText: ((text: string) => void) | null = null;
  let isAttached = false;
  let everAttached = false;
  let attachedAt = 0;
  let running: Promise<void> | null = null;

  const transmit = (frame: ClientFrame) => sendText?.(JSON.stringify(frame));

  async function connectOnce(lastMsgId: string): Promise<SocketEnd> {
    const url = new URL(deps.url);
    url.searchParams.set('session_id', deps.sessionId);
    const target = { dial: deps.dial, clock, url, token: deps.token(), signal: stop.signal };
    const end = await runConnection(target, {
      onOpen(send) {
        sendText = send;
        deps.onAttaching();
        transmit({ type: 'reconnect', sessionID: deps.sessionId, lastMsgId });
      },
      onFrame(frame) {
        deps.onFrame(frame);
        if (frame.Type === 'reconnection_status' && !isAttached) onAttached();
        if (frame.Type === 'error' && !everAttached) fail(new ConnectionError('refused', frame.error));
      },
      isAttached: () => isAttached,
    });
    sendText = null;
    return end;
  }

  function fail(error: unknown): void {
    first.reject(error);
    failure.reject(error);
  }

  function onAttached(): void {
    isAttached = true;
    attachedAt = clock.now();
    if (everAttached) deps.onConnection('restored');
    everAttached = true;
    first.resolve();
    for (const frame of held.splice(0)) transmit(frame);
  }

  function policyOf(end: SocketEnd, attempt: number): ClosePolicy {
    if (end.kind === 'refused') return refusalPolicy(end.status, attempt, end.message);
    if (end.kind === 'unreachable' && !everAttached) return { action: 'give_up', reason: end.message };
    const code = end.kind === 'closed' ? end.code : CONNECTION_FAILED;
    const mayBeToken = end.kind === 'closed' && code === CONNECTION_FAILED && !isAttached;
    return mayBeToken && attempt % FAILURES_BEFORE_RENEWAL === FAILURES_BEFORE_RENEWAL - 1
      ? { action: 'renew_token' }
      : closePolicy(code, attempt);
  }

  /** False when the server cannot be reached for a moment: it is asked again with a later connection. */
  async function renewToken(isLost: boolean): Promise<boolean> {
    if ((await deps.renewToken(stop.signal)) === 'renewed') return true;
    if (isLost || !everAttached) throw new ConnectionError('lost', 'the server cannot be reached');
    await sleep(RENEWAL_RETRY_MS, stop.signal);
    return false;
  }

  async function keepAttached(): Promise<void> {
    let attempt = 0;
    let renewals = 0;
    let lastMsgId = deps.cursor();
    let lostAt = clock.now();
    while (!stop.signal.aborted) {
      const end = await connectOnce(lastMsgId);
      if (stop.signal.aborted) return;
      const policy = policyOf(end, attempt++);
      if (isAttached) {
        lostAt = clock.now();
        // A server that drops each connection soon after its attach must not be stormed.
        if (lostAt - attachedAt > STABLE_AFTER_MS) {
          attempt = 0;
          renewals = 0;
        }
        deps.onConnection('lost');
      }
      isAttached = false;
      const isLost = clock.now() - lostAt > (everAttached ? GIVE_UP_AFTER_MS : FIRST_ATTACH_MS);
      if (policy.action === 'give_up') throw new ConnectionError('lost', policy.reason);
      if (policy.action === 'renew_token') {
        if (renewals === MAX_RENEWALS_IN_A_ROW) {
          throw new ConnectionError('lost', 'the token is not accepted');
        }
        if (await renewToken(isLost)) renewals += 1;
      } else {
        if (isLost) throw new ConnectionError('lost', 'the connection could not be restored');
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
      if (isAttached && sendText) transmit(frame);
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
