import type { AnyContext } from '#domain/create-context.ts';
import { isDomainError } from '#domain/errors.ts';
import { type Cursor, parseCursor } from '#domain/events/index.ts';
import { CLOSE } from '#domain/protocol/close-codes.ts';
import type { ServerFrame, SocketFrame } from '#domain/protocol/index.ts';
import { getOwnedSession } from '#domain/session/index.ts';
import type { OpenTerminalDeps } from '#domain/terminal/index.ts';
import type { SubmitPromptLimits } from '#domain/turn/index.ts';
import type { Access, Authenticator } from '#domain/user/index.ts';
import { createSerialQueue } from '#shared/async/serial-queue.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import type { GatewayLimits } from '../server/limits.ts';
import { type AttachFrom, type Attachment, type AttachmentDeps, attach } from '../stream/subscription.ts';
import { encodeFrame, errorFrame } from '../stream/wire.ts';
import { createFrameHandler } from './frame-handler.ts';
import { createOutlet, type RawSocket } from './outlet.ts';
import { createTerminalFrames } from './terminal-frames.ts';

export interface ConnectionDeps extends Pick<AttachmentDeps, 'log' | 'feeds' | 'snapshot'> {
  socket: RawSocket;
  access: Access;
  token: string;
  ctx: AnyContext;
  authenticator: Pick<Authenticator, 'authenticate'>;
  limits: GatewayLimits;
  clock: Clock;
  logger: Log;
  draining: () => boolean;
  promptLimits?: SubmitPromptLimits;
  terminals: OpenTerminalDeps;
  onClosed: (connection: Connection) => void;
}

export interface Connection {
  readonly userId: string;
  loginSessionId(): string;
  sessionId(): string | null;
  buffered(): number;
  onText(data: Buffer): void;
  onBinary(): void;
  /** Any sign of life. */
  onAlive(): void;
  onClose(): void;
  send(frame: SocketFrame): void;
  sendEncoded(data: Buffer): void;
  /** Attaches by itself unless the client speaks first. */
  expect(sessionId: string): void;
  unbind(sessionId: string): void;
  /** Housekeeping, about once a second. */
  tick(now: number): void;
  close(code: number, reason: string): void;
}

const MAX_REMEMBERED = 32;

export function createConnection(deps: ConnectionDeps): Connection {
  const { socket, ctx, limits, clock, logger, authenticator } = deps;
  let { access, token } = deps;
  let attachment: Attachment | null = null;
  /** Attached without a `reconnect`. */
  let isImplicit = false;
  let expected: string | null = null;
  let grace: NodeJS.Timeout | undefined;
  let closed = false;
  let aliveAt = clock.now();
  let pingedAt = aliveAt;
  let checkedAt = aliveAt;
  let heartbeatMs = nextHeartbeat();
  /** How far the sessions of before were sent. */
  const heard = new Map<string, Cursor>();
  const inOrder = createSerialQueue();
  const outlet = createOutlet(socket, limits, () => clock.now(), close);

  function nextHeartbeat(): number {
    return limits.heartbeatMs * (0.8 + Math.random() * 0.4);
  }

  function send(frame: ServerFrame): void {
    outlet.send(encodeFrame(frame));
  }

  function release(): void {
    clearTimeout(grace);
    expected = null;
    if (!attachment) return;
    const delivered = attachment.delivered();
    if (delivered) remember(attachment.sessionId, delivered);
    attachment.close();
    attachment = null;
  }

  function remember(sessionId: string, position: Cursor): void {
    heard.delete(sessionId);
    heard.set(sessionId, position);
    for (const oldest of heard.keys()) if (heard.size > MAX_REMEMBERED) heard.delete(oldest);
  }

  /** Where a `reconnect` goes on: what came over this socket before must not come again. */
  function resumePoint(sessionId: string, lastCursor: unknown): AttachFrom {
    const wanted = parseCursor(lastCursor);
    if (!wanted) return { cursor: lastCursor };
    const mine = attachment?.sessionId === sessionId ? attachment : null;
    const position = mine?.delivered() ?? heard.get(sessionId);
    const isPast = position?.epoch === wanted.epoch && position.seq > wanted.seq;
    return isPast || (mine && isImplicit) ? { reason: 'already_attached' } : { cursor: lastCursor };
  }

  function waitForFirstWord(sessionId: string): void {
    clearTimeout(grace);
    grace = setTimeout(() => {
      const task = inOrder(() => bind(sessionId));
      task.catch((error: unknown) => send(errorFrame(error, { sessionId }, logger)));
    }, limits.attachGraceMs);
  }

  function close(code: number, reason: string): void {
    if (closed) return;
    closed = true;
    release();
    terminals.close();
    outlet.close();
    socket.close(code, reason);
    deps.onClosed(self);
  }

  /** Authorizes, then leaves the session of before. Without a reconnect's cursor, what is bound stays so. */
  async function bind(sessionId: string, reconnect?: { cursor: unknown }): Promise<void> {
    await getOwnedSession(ctx, sessionId);
    if (closed || (!reconnect && attachment?.sessionId === sessionId)) return;
    const from = reconnect ? resumePoint(sessionId, reconnect.cursor) : {};
    release();
    isImplicit = !reconnect;
    const created = attach(
      {
        log: deps.log,
        feeds: deps.feeds,
        snapshot: deps.snapshot,
        outlet,
        ctx,
        logger,
        onLost(error) {
          if (attachment !== created) return;
          release();
          send(errorFrame(error, { sessionId }, logger));
        },
      },
      sessionId,
      from,
    );
    attachment = created;
  }

  async function replaceToken(next: string): Promise<void> {
    const renewed = await authenticator.authenticate(next);
    if (closed) return;
    if (renewed.user.id !== access.user.id) {
      send({ Type: 'error', error: 'The token belongs to another user', code: 'forbidden' });
      return;
    }
    access = renewed;
    token = next;
    checkedAt = clock.now();
  }

  function checkAccess(now: number): void {
    checkedAt = now;
    authenticator.authenticate(token).then(
      (found) => {
        access = found;
      },
      (error: unknown) => {
        if (isDomainError(error, 'token_expired')) close(CLOSE.tokenExpired, 'token expired');
        else if (isDomainError(error, 'unauthenticated')) close(CLOSE.accessRevoked, 'access revoked');
      },
    );
  }

  const terminals = createTerminalFrames({
    ...deps.terminals,
    ctx,
    send,
    outlet,
    draining: deps.draining,
    isClosed: () => closed,
    logger,
  });

  const frames = createFrameHandler({
    ctx,
    limits,
    clock,
    logger,
    draining: deps.draining,
    send,
    close,
    bind,
    replaceToken,
    isClosed: () => closed,
    promptLimits: deps.promptLimits,
    onBinding() {
      clearTimeout(grace);
    },
    onBindingFailed() {
      if (expected !== null && !closed) waitForFirstWord(expected);
    },
    boundTo: () => attachment?.sessionId ?? expected,
    attached: async () => attachment?.attached,
    terminal: terminals.handle,
    inOrder,
  });

  const self: Connection = {
    userId: access.user.id,
    loginSessionId: () => access.loginSessionId,
    sessionId: () => attachment?.sessionId ?? expected,
    buffered: () => (closed ? 0 : outlet.buffered()),
    onAlive() {
      aliveAt = clock.now();
    },
    onText(data) {
      aliveAt = clock.now();
      if (closed) return;
      if (aliveAt >= access.expiresAt) return close(CLOSE.tokenExpired, 'token expired');
      frames.text(data);
    },
    onBinary() {
      aliveAt = clock.now();
      if (!closed) frames.binary();
    },
    onClose() {
      if (closed) return;
      closed = true;
      release();
      terminals.close();
      outlet.close();
      deps.onClosed(self);
    },
    send,
    sendEncoded: outlet.send,
    expect(sessionId) {
      expected = sessionId;
      waitForFirstWord(sessionId);
    },
    unbind(sessionId) {
      if (self.sessionId() !== sessionId) return;
      release();
      send({ Type: 'error', session_id: sessionId, error: 'Session not found', code: 'not_found' });
    },
    tick(now) {
      outlet.check(now);
      if (closed) return;
      if (now >= access.expiresAt) return close(CLOSE.tokenExpired, 'token expired');
      if (now - aliveAt >= limits.silenceMs) return close(CLOSE.noSignOfLife, 'no sign of life');
      if (now - checkedAt >= limits.accessCheckMs) checkAccess(now);
      if (now - Math.max(aliveAt, pingedAt) >= limits.silenceMs / 3) {
        pingedAt = now;
        socket.ping();
      }
      if (now - outlet.sentAt() >= heartbeatMs) {
        heartbeatMs = nextHeartbeat();
        const cursor = attachment?.cursor();
        send({ Type: 'heartbeat', heads: attachment && cursor ? { [attachment.sessionId]: cursor } : {} });
      }
    },
    close,
  };
  return self;
}
