import type { AnyContext } from '#domain/create-context.ts';
import { DomainError } from '#domain/errors.ts';
import { answerPermission, type PermissionDecision } from '#domain/permission/index.ts';
import { CLOSE } from '#domain/protocol/close-codes.ts';
import {
  type ClientFrame,
  frameSessionId,
  isTerminalFrame,
  type ServerFrame,
  TERMINAL_FRAME_PREFIX,
  type TerminalClientFrame,
} from '#domain/protocol/index.ts';
import {
  cancelSession,
  getSessionStatus,
  type SubmitPromptLimits,
  submitPrompt,
  summarizeSession,
} from '#domain/turn/index.ts';
import { within } from '#shared/async/within.ts';
import type { Clock } from '#shared/clock.ts';
import type { Log } from '#shared/log.ts';
import { createTokenBucket } from '#shared/token-bucket.ts';
import type { GatewayLimits } from '../server/limits.ts';
import { errorFrame, invalidInput } from '../stream/wire.ts';
import { parseClientFrame } from './parse-client-frame.ts';

export interface FrameHandlerDeps {
  ctx: AnyContext;
  limits: GatewayLimits;
  promptLimits?: SubmitPromptLimits;
  clock: Clock;
  logger: Log;
  draining: () => boolean;
  send: (frame: ServerFrame) => void;
  close: (code: number, reason: string) => void;
  isClosed: () => boolean;
  /** With `reconnect`: attaches anew although the socket belongs to this session already. */
  bind: (sessionId: string, reconnect?: { cursor: unknown }) => Promise<void>;
  /** A frame that binds the socket has come, and has failed. */
  onBinding: () => void;
  onBindingFailed: () => void;
  replaceToken: (token: string) => Promise<void>;
  boundTo: () => string | null;
  attached: () => Promise<void>;
  terminal: (frame: TerminalClientFrame) => void;
  /** The connection's tasks, one after another. */
  inOrder: <T>(task: () => Promise<T>) => Promise<T>;
}

const ATTACH_PATIENCE_MS = 2_000;
/** So much of a frame costs one more token of the rate limit. */
const BYTES_PER_TOKEN = 256 * 1024;
const MAX_WAITING_BYTES = 8 * 1024 * 1024;
const MAX_ID_CHARS = 64;

type Frame<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;
type Command = Exclude<ClientFrame, { type: 'ping' } | TerminalClientFrame>;

/**
 * Checks and carries out what one client sends: one frame after another, each authorized anew. Once the socket is
 * closed nothing that waits is begun, and what was begun goes no further.
 */
export function createFrameHandler(deps: FrameHandlerDeps) {
  const { ctx, limits, logger, send, close } = deps;
  const bucket = createTokenBucket(
    { perSecond: limits.framesPerSecond, burst: limits.frameBurst },
    deps.clock,
  );
  const terminalBucket = createTokenBucket(
    { perSecond: limits.terminalFramesPerSecond, burst: limits.terminalFrameBurst },
    deps.clock,
  );
  let badInARow = 0;
  let waiting = 0;
  let waitingBytes = 0;

  /** Keys and acknowledgements come far more often than what else a client says. */
  function isTerminalText(data: Buffer): boolean {
    const { length } = TERMINAL_FRAME_PREFIX;
    return (
      data.length <= limits.maxFrameBytes && data.toString('latin1', 0, length) === TERMINAL_FRAME_PREFIX
    );
  }

  /** False when the socket was closed for it. */
  function admit(bytes: number, isTerminal = false): boolean {
    let isWithinRate = true;
    if (isTerminal && terminalBucket.take()) return true;
    for (let cost = 1 + Math.floor(bytes / BYTES_PER_TOKEN); cost > 0; cost--) {
      isWithinRate = bucket.take() && isWithinRate;
    }
    if (isWithinRate && waiting <= limits.frameBurst && waitingBytes <= MAX_WAITING_BYTES) return true;
    close(CLOSE.rateLimited, 'too many frames');
    return false;
  }

  function bad(reason: string, hostile = false): void {
    badInARow += 1;
    send({ Type: 'error', error: reason, code: 'invalid_input' });
    if (hostile || badInARow >= limits.badFramesInARow) close(CLOSE.badFrames, 'bad frames');
  }

  function target(frame: { sessionID?: string; session_id?: string }): string {
    const sessionId = frameSessionId(frame) || deps.boundTo();
    if (!sessionId) throw invalidInput('The frame names no session', 'session_id');
    return sessionId;
  }

  async function message(frame: Frame<'message'>): Promise<void> {
    if (deps.draining()) {
      throw new DomainError('draining', 'This server is about to stop; connect again', {
        retryAfterSeconds: 1,
      });
    }
    const sessionId = target(frame);
    await deps.bind(sessionId);
    // A prompt does not wait for an event log that is out of reach: the client gets a snapshot on its return.
    await within(deps.attached(), ATTACH_PATIENCE_MS, () => {});
    if (deps.isClosed()) return;
    const { content, images, client_msg_id: idempotencyKey } = frame;
    await submitPrompt(ctx, { sessionId, content, images, idempotencyKey }, deps.promptLimits);
  }

  async function permission(frame: Frame<'permission_response'>): Promise<void> {
    const decision = decisionOf(frame);
    if (!decision) throw invalidInput('The answer neither grants nor denies', 'granted');
    await answerPermission(ctx, {
      sessionId: target(frame),
      requestId: frame.id,
      toolCallId: frame.tool_call_id,
      decision,
    });
  }

  async function carryOut(frame: Command): Promise<void> {
    switch (frame.type) {
      case 'message':
        return message(frame);
      case 'reconnect':
        return deps.bind(target(frame), { cursor: frame.lastMsgId });
      case 'permission_response':
        return permission(frame);
      case 'cancel':
        await cancelSession(ctx, target(frame));
        return;
      case 'summarize':
        await summarizeSession(ctx, target(frame), deps.promptLimits);
        return;
      case 'auth':
        return deps.replaceToken(frame.token);
    }
  }

  /** After a refused prompt: a client that shows no errors must not stay busy. */
  async function tellStatus(sessionId: string | null | undefined): Promise<void> {
    if (!sessionId || deps.isClosed()) return;
    const status = await getSessionStatus(ctx, sessionId).catch(() => null);
    if (status) send({ Type: 'session_status', ...status });
  }

  async function execute(frame: Command): Promise<void> {
    if (deps.isClosed()) return;
    try {
      await carryOut(frame);
    } catch (error) {
      const sessionId = 'token' in frame ? undefined : (frameSessionId(frame) ?? deps.boundTo() ?? undefined);
      const clientMessageId = frame.type === 'message' ? frame.client_msg_id : undefined;
      send(errorFrame(error, { sessionId: sessionId?.slice(0, MAX_ID_CHARS), clientMessageId }, logger));
      if (frame.type === 'message') await tellStatus(sessionId);
      deps.onBindingFailed();
    }
  }

  async function queue(bytes: number, task: () => Promise<void>): Promise<void> {
    waiting += 1;
    waitingBytes += bytes;
    try {
      await deps.inOrder(task);
    } finally {
      waiting -= 1;
      waitingBytes -= bytes;
    }
  }

  function refuse(reason: string, message: { sessionId?: string } | undefined, hostile?: boolean): void {
    bad(reason, hostile);
    if (message) void queue(0, () => tellStatus(message.sessionId || deps.boundTo()));
  }

  function accept(frame: ClientFrame, bytes: number): void {
    if (frame.type !== 'message' && bytes > limits.maxFrameBytes) {
      bad('The frame is longer than 64 KiB');
      return;
    }
    badInARow = 0;
    if (frame.type === 'ping') {
      send({ Type: 'pong' });
      return;
    }
    if (isTerminalFrame(frame)) {
      deps.terminal(frame);
      return;
    }
    if (frame.type === 'message' || frame.type === 'reconnect') deps.onBinding();
    void queue(bytes, () => execute(frame));
  }

  return {
    text(data: Buffer): void {
      if (!admit(data.length, isTerminalText(data))) return;
      if (data.length > limits.maxMessageFrameBytes) {
        refuse('The message is longer than 1 MiB', {});
        return;
      }
      const parsed = parseClientFrame(data.toString('utf8'));
      if (parsed.ok) accept(parsed.frame, data.length);
      else refuse(parsed.reason, parsed.message, parsed.hostile);
    },
    binary(): void {
      if (admit(0)) bad('Binary frames are not part of the protocol');
    },
  };
}

function decisionOf(frame: Frame<'permission_response'>): PermissionDecision | null {
  if (frame.denied) return 'deny';
  if (frame.granted) return frame.allow_for_session ? 'allow_session' : 'allow';
  return frame.granted === false ? 'deny' : null;
}
