import { ModelFailure } from '../failure.ts';

/** Mends one JSON payload of a provider's stream, or drops it with null. */
export type MendPayload = (payload: string, event: string) => string | null;

export interface SseNormalizer {
  /** Takes decoded text as it arrives and returns clean events, possibly none. */
  push(text: string): string;
  /** The text after the last line end: kept only when it is a whole payload. */
  flush(): string;
  /** How many events came out so far. */
  events(): number;
}

const MAX_LINE_LENGTH = 16 * 1024 * 1024;

/**
 * Real providers bend the event-stream format: CRLF, comments, spaces behind `[DONE]`, missing empty lines,
 * empty data, bare JSON. Comes out: one `data: {…}` line and one empty line per event, nothing else.
 */
export function createSseNormalizer(mend: MendPayload): SseNormalizer {
  let rest = '';
  let event = '';
  let partial = '';
  let count = 0;

  function emit(payload: string): string {
    const mended = mend(payload, event);
    if (mended === null) return '';
    count += 1;
    return `data: ${mended}\n\n`;
  }

  /** A payload may be spread over several data lines; it ends with an empty line at the latest. */
  function endEvent(): string {
    const payload = partial;
    partial = '';
    const out = payload === '' ? '' : emit(payload);
    event = '';
    return out;
  }

  function line(raw: string): string {
    const text = raw.trim();
    if (text === '') return endEvent();
    if (text.startsWith('data:')) return data(text.slice(5).trimStart());
    if (text.startsWith('event:')) event = text.slice(6).trim();
    else if (text.startsWith('{') && partial === '') return data(text);
    return '';
  }

  function data(payload: string): string {
    if (payload === '' || payload === '[DONE]') return '';
    if (partial === '' && payload.startsWith('{') && payload.endsWith('}')) return emit(payload);
    partial = partial === '' ? payload : `${partial}\n${payload}`;
    return '';
  }

  return {
    push(text) {
      const lines = (rest + text).split('\n');
      rest = lines.pop() ?? '';
      if (rest.length + partial.length > MAX_LINE_LENGTH) {
        throw new ModelFailure('protocol', 'The provider sent a line that is too long.');
      }
      let out = '';
      for (const raw of lines) out += line(raw);
      return out;
    },
    flush() {
      const text = rest.trim();
      rest = '';
      const payload = text.startsWith('data:') ? text.slice(5).trim() : text;
      if (!isJson(payload)) return endEventIfWhole();
      return endEventIfWhole() + emit(payload);
    },
    events: () => count,
  };

  function endEventIfWhole(): string {
    if (isJson(partial)) return endEvent();
    partial = '';
    return '';
  }
}

function isJson(text: string): boolean {
  if (!text.startsWith('{')) return false;
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
