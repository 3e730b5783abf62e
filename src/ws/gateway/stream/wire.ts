import { DomainError, isDomainError } from '#domain/errors.ts';
import { formatCursor, type SessionEvent } from '#domain/events/index.ts';
import type { ServerFrame, SocketFrame } from '#domain/protocol/index.ts';
import type { Log } from '#shared/log.ts';

const FINAL_TEXT = 0x81;
const MAX_SHORT = 125;
const MAX_MEDIUM = 0xffff;

/** A whole WebSocket message (RFC 6455, 5.2): one unmasked final text frame, header and payload in one buffer. */
export function textMessage(text: string): Buffer {
  const length = Buffer.byteLength(text);
  const header = length <= MAX_SHORT ? 2 : length <= MAX_MEDIUM ? 4 : 10;
  const message = Buffer.allocUnsafe(header + length);
  message[0] = FINAL_TEXT;
  if (header === 2) message[1] = length;
  else if (header === 4) {
    message[1] = 126;
    message.writeUInt16BE(length, 2);
  } else {
    message[1] = 127;
    message.writeUInt32BE(0, 2);
    message.writeUInt32BE(length, 6);
  }
  message.write(text, header);
  return message;
}

export function encodeFrame(frame: ServerFrame): Buffer {
  return textMessage(JSON.stringify(frame));
}

/** An event as it goes to the network, made once for all sockets. */
export function encodeEvent(event: SessionEvent): Buffer {
  return textMessage(`{"_streamId":"${formatCursor(event.cursor)}",${event.body.slice(1)}`);
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
