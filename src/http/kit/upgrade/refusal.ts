import { type IncomingMessage, STATUS_CODES } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Clock } from '#shared/clock.ts';
import { newId } from '#shared/ids.ts';
import type { Log } from '#shared/log.ts';
import { truncate } from '#shared/text.ts';
import { createTokenBucket } from '#shared/token-bucket.ts';
import { internalErrorReply, toErrorReply } from '../errors.ts';

/** Lines about refusals; what comes faster is counted in the next line. */
const LOG_LINES = { perSecond: 0.5, burst: 20 };
const MAX_LOGGED_LENGTH = 200;

export interface RefusalDeps {
  settingOf?(error: unknown): string | null;
  addressOf(request: IncomingMessage): string;
  clock: Clock;
  log: Log;
}

/** Answers instead of upgrading, in the form that HTTP uses, and says so in the log, without the query. */
export function createRefusals(deps: RefusalDeps) {
  const bucket = createTokenBucket(LOG_LINES, deps.clock);
  let leftOut = 0;

  function note(request: IncomingMessage, error: unknown, facts: Record<string, unknown>): void {
    if (!bucket.take()) {
      leftOut += 1;
      return;
    }
    const setting = deps.settingOf?.(error);
    const fields = {
      ...facts,
      path: truncate(request.url?.split('?', 1)[0] ?? '', MAX_LOGGED_LENGTH),
      origin: truncate(request.headers.origin ?? '', MAX_LOGGED_LENGTH) || undefined,
      address: deps.addressOf(request),
      ...(setting && { setting }),
      ...(leftOut > 0 && { left_out: leftOut }),
    };
    leftOut = 0;
    deps.log.warn(fields, 'upgrade refused');
  }

  return (request: IncomingMessage, stream: Duplex, error: unknown): void => {
    const requestId = newId();
    const known = toErrorReply(error, requestId);
    const { status, headers = {}, body } = known ?? internalErrorReply(requestId);
    if (known) {
      const { code, error: reason } = body as { code: string; error: string };
      note(request, error, { code, reason, status, request_id: requestId });
    } else deps.log.error({ err: error, request_id: requestId }, 'upgrade failed');
    if (stream.destroyed || !stream.writable) return;
    stream.end(httpMessage(status, { ...headers, 'x-request-id': requestId }, JSON.stringify(body)), () =>
      stream.destroy(),
    );
  };
}

function httpMessage(status: number, headers: Record<string, string>, body: string): string {
  const all = {
    ...headers,
    connection: 'close',
    'content-type': 'application/json',
    'content-length': String(Buffer.byteLength(body)),
    'x-content-type-options': 'nosniff',
  };
  const lines = Object.entries(all).map(([name, value]) => `${name}: ${value}\r\n`);
  return `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? ''}\r\n${lines.join('')}\r\n${body}`;
}
