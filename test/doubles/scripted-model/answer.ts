import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { setTimeout as delay } from 'node:timers/promises';
import type { Dialect, ScriptedEvent } from './dialects.ts';
import { type ScriptedStep, stampNow } from './script.ts';

/** Plays one step on the response. Rejects with an AbortError when the client leaves or the server closes. */
export async function answer(
  response: ServerResponse,
  dialect: Dialect,
  step: ScriptedStep,
  signal: AbortSignal,
): Promise<void> {
  if (step.delayMs) await delay(step.delayMs, undefined, { signal });
  if (step.redirect) return end(response.writeHead(302, { location: step.redirect }), '');
  if (step.raw) return sendRaw(response, step.raw, signal);
  if (step.status) return sendError(response, dialect, step);
  if (step.rubbish) {
    return end(response.writeHead(200, { 'content-type': step.rubbish.contentType }), step.rubbish.body);
  }
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  response.flushHeaders();
  await sendAll(response, dialect.body(step), step, signal);
  if (step.errorEvent) return end(response, format(dialect.errorEvent(step.errorEvent), step));
  if (step.stall) {
    await delay(2 ** 30, undefined, { signal });
  } else if (step.cut === 'mid-chunk') {
    response.write('data: {"id":"chatcmpl-scripted","choi');
    await delay(5, undefined, { signal });
    response.destroy();
  } else {
    if (step.cut !== 'before-finish') await sendAll(response, dialect.end(step), step, signal);
    response.end();
  }
}

async function sendRaw(
  response: ServerResponse,
  {
    pieces,
    contentType = 'text/event-stream',
    status = 200,
    after = 'end',
  }: NonNullable<ScriptedStep['raw']>,
  signal: AbortSignal,
): Promise<void> {
  response.writeHead(status, { 'content-type': contentType });
  response.flushHeaders();
  for (const piece of pieces) {
    response.write(piece);
    await delay(1, undefined, { signal });
  }
  if (after === 'end') return end(response, '');
  await delay(after === 'reset' ? 20 : 2 ** 30, undefined, { signal });
  response.destroy();
}

function sendError(response: ServerResponse, dialect: Dialect, step: ScriptedStep): void {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  if (step.retryAfter) headers['retry-after'] = step.retryAfter;
  if (step.retryAfterMs !== undefined) headers['retry-after-ms'] = String(step.retryAfterMs);
  const body = JSON.stringify(dialect.errorBody(step.errorMessage ?? 'scripted failure'));
  end(response.writeHead(step.status ?? 500, headers), body);
}

function end(response: ServerResponse, body: string): void {
  response.end(body);
}

async function sendAll(
  response: ServerResponse,
  events: Iterable<ScriptedEvent>,
  step: ScriptedStep,
  signal: AbortSignal,
): Promise<void> {
  const comment = step.comments ? `: keep-alive${step.crlf ? '\r\n\r\n' : '\n\n'}` : '';
  const startedAt = performance.now();
  let paced = 0;
  for (const event of events) {
    if (event.paced && step.paceMs) {
      // Paced against the start, so that slow writes do not add up.
      const wait = startedAt + paced * step.paceMs - performance.now();
      if (wait > 0) await delay(wait, undefined, { signal });
      paced += 1;
    }
    signal.throwIfAborted();
    if (!response.write(comment + format(event, step))) await once(response, 'drain', { signal });
  }
}

function format({ event, data }: ScriptedEvent, step: ScriptedStep): string {
  const end = `${step.trailingSpaces ? '   ' : ''}${step.crlf ? '\r\n' : '\n'}`;
  const json = typeof data === 'string' ? data : JSON.stringify(data);
  const payload = step.stamp ? stampNow(json) : json;
  const name = event ? `event: ${event}${end}` : '';
  return `${name}data: ${payload}${end}${step.crlf ? '\r\n' : '\n'}`;
}
