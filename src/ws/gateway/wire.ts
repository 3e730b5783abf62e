import { DomainError, isDomainError } from '#domain/errors.ts';
import { formatCursor, type ServerFrame, type SessionEvent, type SocketFrame } from '#domain/events/index.ts';
import type { Log } from '#shared/log.ts';

export function encodeFrame(frame: ServerFrame): Buffer {
  return Buffer.from(JSON.stringify(frame));
}

/** The text of an event on the wire, made once for all sockets. */
export function encodeEvent(event: SessionEvent): Buffer {
  return Buffer.from(`{"_streamId":"${formatCursor(event.cursor)}",${event.body.slice(1)}`);
}

type ErrorFrame = Extract<SocketFrame, { Type: 'error' }>;

/** What a client may know of a failure; the unexpected is logged here, once. */
export function errorFrame(
  error: unknown,
  context: { sessionId?: string; clientMessageId?: string },
  logger: Log,
): ErrorFrame {
  const known = isDomainError(error) ? error : null;
  if (!known) logger.error({ err: error, session_id: context.sessionId }, 'command failed');
  return {
    Type: 'error',
    ...(context.sessionId !== undefined && { session_id: context.sessionId }),
    error: known?.message ?? 'Something went wrong',
    code: known?.code ?? 'internal',
    ...(context.clientMessageId !== undefined && { client_msg_id: context.clientMessageId }),
  };
}

export function invalidInput(message: string, field?: string): DomainError {
  return new DomainError('invalid_input', message, { field });
}
