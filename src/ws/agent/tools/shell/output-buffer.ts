const KEEP_CHARS = 32_768;

/** Output of any length in bounded memory: its beginning and its end. */
export interface OutputBuffer {
  push(text: string): void;
  head(): string;
  /** Continues `head` directly when nothing was dropped. */
  tail(): string;
  droppedLines(): number;
  dropped(): boolean;
}

export function createOutputBuffer(keep = KEEP_CHARS): OutputBuffer {
  let head = '';
  let tail = '';
  let droppedLines = 0;
  let dropped = false;

  function shrink(): void {
    const cut = tail.length - keep;
    const start = isLowSurrogate(tail.charCodeAt(cut)) ? cut + 1 : cut;
    droppedLines += countNewlines(tail.slice(0, start));
    tail = tail.slice(start);
    dropped = true;
  }

  return {
    push(text) {
      const room = keep - head.length;
      const split = tail === '' && room > 0 ? Math.min(room, text.length) : 0;
      head += text.slice(0, split);
      tail += text.slice(split);
      // Twice the size before cutting: appending small pieces stays cheap.
      if (tail.length > 2 * keep) shrink();
    },
    head: () => head,
    tail() {
      if (tail.length > keep) shrink();
      return tail;
    },
    droppedLines: () => droppedLines,
    dropped: () => dropped,
  };
}

export function countNewlines(text: string): number {
  let count = 0;
  for (let at = text.indexOf('\n'); at !== -1; at = text.indexOf('\n', at + 1)) count += 1;
  return count;
}

export function isLowSurrogate(code: number): boolean {
  return code >= 0xdc00 && code <= 0xdfff;
}
