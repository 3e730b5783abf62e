import { parseForeignJson } from '#shared/bounded-json.ts';
import { ModelFailure } from '../failure/failure.ts';
import { MAX_EVENT_CHARS } from '../limits.ts';

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
const LINE_END = /[\r\n]/g;
/** So many pieces of an unfinished line are kept apart before they are joined. */
const MAX_PIECES = 1024;
/** How often bare JSON is parsed before it must be whole at the end of the answer. */
const MAX_TRIES = 16;

/**
 * Real providers bend the event-stream format: any kind of line end, comments, spaces behind `[DONE]`, missing
 * empty lines, empty data, bare JSON in one line or many. A payload comes out as soon as its line is there,
 * which a parser that waits for the empty line would not do.
 */
export function createSseReader(): SseReader {
  /** The line that has not ended: joined pieces and the latest ones, so that bytes that come one by one are copied once. */
  let joined = '';
  let pieces: string[] = [];
  let pieceChars = 0;
  /** The last text ended with CR, which ends a line; an LF behind it belongs to it. */
  let afterReturn = false;
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

  function keep(piece: string): void {
    if (piece === '') return;
    pieceChars += piece.length;
    if (pieceChars + partial.length > MAX_EVENT_CHARS) {
      throw new ModelFailure('protocol', 'The provider sent a line that is too long.');
    }
    pieces.push(piece);
    if (pieces.length < MAX_PIECES) return;
    joined += pieces.join('');
    pieces = [];
  }

  function endLine(): string {
    const whole = joined + pieces.join('');
    joined = '';
    pieces = [];
    pieceChars = 0;
    return whole;
  }

  return {
    push(text) {
      const payloads: SsePayload[] = [];
      let from = afterReturn && text.startsWith('\n') ? 1 : 0;
      if (text !== '') afterReturn = text.endsWith('\r');
      for (let at = nextEnd(text, from); at !== -1; at = nextEnd(text, from)) {
        keep(text.slice(from, at));
        payloads.push(...line(endLine()));
        from = at + (text.startsWith('\r\n', at) ? 2 : 1);
      }
      keep(text.slice(from));
      return payloads;
    },
    flush() {
      const text = endLine();
      const last = text.trim() === '' ? [] : line(text);
      return [...last, ...(isJson(partial) ? take() : [])].filter(
        ({ data }) => data === DONE || isJson(data),
      );
    },
  };
}

/** The next CR or LF; -1 when there is none. */
function nextEnd(text: string, from: number): number {
  LINE_END.lastIndex = from;
  return LINE_END.exec(text)?.index ?? -1;
}

function isJson(text: string): boolean {
  if (!/^\s*[{[]/.test(text)) return false;
  try {
    parseForeignJson(text);
    return true;
  } catch {
    return false;
  }
}
