import type { AnyContext } from '#domain/create-context.ts';
import { DomainError } from '#domain/errors.ts';
import { answerPermission, type PermissionDecision } from '#domain/permission/index.ts';
import { CLOSE } from '#domain/protocol/close-codes.ts';
import { type ClientFrame, frameSessionId, type SocketFrame } from '#domain/protocol/index.ts';
import { cancelSession, submitPrompt } from '#domain/turn/index.ts';
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
  clock: Clock;
  logger: Log;
  draining: () => boolean;
  send: (frame: SocketFrame) => void;
  close: (code: number, reason: string) => void;
  /** `again`: attaches anew although the socket belongs to this session already. */
  bind: (sessionId: string, lastCursor: unknown, again: boolean) => Promise<void>;
  replaceToken: (token: string) => Promise<void>;
  boundTo: () => string | null;
  attached: () => Promise<void>;
  /** The connection's tasks, one after another. */
  inOrder: <T>(task: () => Promise<T>) => Promise<T>;
}

const ATTACH_PATIENCE_MS = 2_000;

type Frame<T extends ClientFrame['type']> = Extract<ClientFrame, { type: T }>;

/** Checks and carries out what one client sends: one frame after another, each authorized anew. */
export function createFrameHandler(deps: FrameHandlerDeps) {
  const { ctx, limits, logger, send, close } = deps;
  const bucket = createTokenBucket(
    { perSecond: limits.framesPerSecond, burst: limits.frameBurst },
    deps.clock,
  );
  let badInARow = 0;
  let waiting = 0;

  /** False when the socket was closed for it. */
  function admit(): boolean {
    if (bucket.take() && waiting <= limits.frameBurst) return true;
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
    await deps.bind(sessionId, '', false);
    await within(deps.attached(), ATTACH_PATIENCE_MS, () => {});
    await submitPrompt(ctx, {
      sessionId,
      content: frame.content,
      images: frame.images,
      idempotencyKey: frame.client_msg_id,
    });
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

  async function carryOut(frame: Exclude<ClientFrame, { type: 'ping' }>): Promise<void> {
    switch (frame.type) {
      case 'message':
        return message(frame);
      case 'reconnect':
        return deps.bind(target(frame), frame.lastMsgId, true);
      case 'permission_response':
        return permission(frame);
      case 'cancel':
        await cancelSession(ctx, target(frame));
        return;
      case 'auth':
        return deps.replaceToken(frame.token);
    }
  }

  function execute(frame: Exclude<ClientFrame, { type: 'ping' }>): void {
    waiting += 1;
    const done = deps.inOrder(() => carryOut(frame));
    done
      .catch((error: unknown) => {
        const sessionId =
          'token' in frame ? undefined : (frameSessionId(frame) ?? deps.boundTo() ?? undefined);
        const clientMessageId = frame.type === 'message' ? frame.client_msg_id : undefined;
        send(errorFrame(error, { sessionId: sessionId?.slice(0, 64), clientMessageId }, logger));
      })
      .finally(() => {
        waiting -= 1;
      });
  }

  return {
    text(data: Buffer): void {
      if (!admit()) return;
      if (data.length > limits.maxFrameBytes) {
        bad('The frame is longer than 64 KiB');
        return;
      }
      const parsed = parseClientFrame(data.toString('utf8'));
      if (!parsed.ok) {
        bad(parsed.reason, parsed.hostile);
        return;
      }
      badInARow = 0;
      if (parsed.frame.type === 'ping') send({ Type: 'pong' });
      else execute(parsed.frame);
    },
    binary(): void {
      if (admit()) bad('Binary frames are not part of the protocol');
    },
  };
}

function decisionOf(frame: Frame<'permission_response'>): PermissionDecision | null {
  if (frame.denied) return 'deny';
  if (frame.granted) return frame.allow_for_session ? 'allow_session' : 'allow';
  return frame.granted === false ? 'deny' : null;
}
