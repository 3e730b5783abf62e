import { ModelFailure } from '../failure/failure.ts';

export interface SsePayload {
  /** JSON text, or `DONE`. */
  data: string;
  event: string;
}

export interface SseReader {
  /** Takes decoded text as it arrives and returns the payloads that became whole, possibly none. */
  push(text: string): SsePayload[];
  /** The text after the last line end: kept only when it is a whole payload. */
  flush(): SsePayload[];
}

export const DONE = '[DONE]';
const MAX_PAYLOAD_LENGTH = 16 * 1024 * 1024;
/** How often bare JSON is parsed before it must be whole at the end of the answer. */
const MAX_TRIES = 16;

/**
 * Real providers bend the event-stream format: any kind of line end, comments, spaces behind `[DONE]`, missing
 * empty lines, empty data, bare JSON in one line or many. A payload comes out as soon as its line is there,
 * which a parser that waits for the empty line would not do.
 */
export function createSseReader(): SseReader {
  let rest = '';
  let event = '';
  let partial = '';
  /** `partial` is bare JSON that goes over several lines. */
  let isBare = false;
  let tries = 0;

  function take(): SsePayload[] {
    const data = partial.trim();
    const name = event;
    partial = '';
    isBare = false;
    event = '';
    return data === '' ? [] : [{ data, event: name }];
  }

  function line(raw: string): SsePayload[] {
    const text = raw.trim();
    if (isBare) return bareLine(raw);
    if (text === '') return take();
    if (text.startsWith('data:')) return data(text.slice(5).trimStart());
    if (text.startsWith('event:')) event = text.slice(6).trim();
    else if (partial === '' && /^[{[]/.test(text)) return bareStart(raw, text);
    return [];
  }

  function data(payload: string): SsePayload[] {
    if (payload === '') return [];
    if (payload === DONE) return [...take(), { data: DONE, event: '' }];
    const name = event;
    if (partial === '' && payload.startsWith('{') && payload.endsWith('}'))
      return [{ data: payload, event: name }];
    partial = partial === '' ? payload : `${partial}\n${payload}`;
    return [];
  }

  function bareStart(raw: string, text: string): SsePayload[] {
    if (isJson(text)) return [{ data: text, event }];
    partial = raw;
    isBare = true;
    tries = 0;
    return [];
  }

  /** Only a line that closes what the first one opened can end it. */
  function bareLine(raw: string): SsePayload[] {
    partial += `\n${raw}`;
    if (!/^[}\]]\s*$/.test(raw) || tries >= MAX_TRIES) return [];
    tries += 1;
    return isJson(partial) ? take() : [];
  }

  function checkLength(): void {
    if (rest.length + partial.length <= MAX_PAYLOAD_LENGTH) return;
    throw new ModelFailure('protocol', 'The provider sent a line that is too long.');
  }

  return {
    push(text) {
      const all = rest + text;
      if (!/[\r\n]/.test(text) && !rest.endsWith('\r')) {
        rest = all;
        checkLength();
        return [];
      }
      // A CR at the end may be half of a CRLF.
      const held = all.endsWith('\r') ? 1 : 0;
      const lines = all.slice(0, all.length - held).split(/\r\n|\n|\r/);
      rest = (lines.pop() ?? '') + (held ? '\r' : '');
      checkLength();
      return lines.flatMap(line);
    },
    flush() {
      const text = rest;
      rest = '';
      const last = text.trim() === '' ? [] : line(text);
      return [...last, ...(isJson(partial) ? take() : [])].filter(
        ({ data }) => data === DONE || isJson(data),
      );
    },
  };
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
