import { StringDecoder } from 'node:string_decoder';

/** Keeps the first and the last half of `maxBytes` of a stream; memory stays within twice that. */
export interface OutputBuffer {
  push(chunk: Uint8Array): void;
  /** All of it, or both ends with a line between that tells how much is left out. */
  text(): string;
  /** All of it as `head`, or both ends; no character is split. */
  ends(): { head: string; tail: string; droppedBytes: number; droppedLines: number };
  /** The end, of at most about that many bytes; cheap enough for each piece of output. */
  last(bytes: number): string;
  truncatedBytes(): number;
}

const LINE_FEED = 0x0a;
const MAX_PIECES = 1024;

export function createOutputBuffer(maxBytes: number): OutputBuffer {
  const headLimit = Math.ceil(maxBytes / 2);
  const tailLimit = maxBytes - headLimit;
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let total = 0;
  let lines = 0;

  function pushTail(chunk: Buffer): void {
    tail.push(chunk);
    tailBytes += chunk.length;
    if (tailBytes < tailLimit * 2 && tail.length < MAX_PIECES) return;
    // A copy, so that the large joined buffer can be freed.
    const kept = Buffer.from(keptTail());
    tail = [kept];
    tailBytes = kept.length;
  }

  function keptTail(): Buffer {
    const joined = Buffer.concat(tail);
    return joined.subarray(Math.max(0, joined.length - tailLimit));
  }

  function ends() {
    const end = keptTail();
    const droppedBytes = total - headBytes - end.length;
    if (droppedBytes === 0) {
      return { head: Buffer.concat([...head, end]).toString(), tail: '', droppedBytes, droppedLines: 0 };
    }
    const start = Buffer.concat(head);
    return {
      head: new StringDecoder('utf8').write(start),
      tail: skipPartial(end).toString(),
      droppedBytes,
      droppedLines: lines - countLineFeeds(start) - countLineFeeds(end),
    };
  }

  return {
    push(chunk) {
      total += chunk.length;
      lines += countLineFeeds(chunk);
      const room = Math.min(chunk.length, headLimit - headBytes);
      if (room > 0) {
        head.push(Buffer.from(chunk.subarray(0, room)));
        headBytes += room;
      }
      const rest = chunk.subarray(Math.max(room, chunk.length - tailLimit));
      if (rest.length > 0) pushTail(Buffer.from(rest));
    },
    ends,
    text() {
      const { head: start, tail: end, droppedBytes } = ends();
      return droppedBytes === 0 ? start : `${start}\n[… ${droppedBytes} bytes left out …]\n${end}`;
    },
    last(bytes) {
      const pieces = tail.length > 0 ? tail : head;
      let from = pieces.length;
      for (let size = 0; from > 0 && size < bytes; from -= 1) size += pieces[from - 1]?.length ?? 0;
      const joined = Buffer.concat(pieces.slice(from));
      return skipPartial(joined.subarray(Math.max(0, joined.length - bytes))).toString();
    },
    truncatedBytes: () => Math.max(0, total - headBytes - tailLimit),
  };
}

function countLineFeeds(bytes: Uint8Array): number {
  let count = 0;
  for (let at = bytes.indexOf(LINE_FEED); at !== -1; at = bytes.indexOf(LINE_FEED, at + 1)) count += 1;
  return count;
}

/** Skips the continuation bytes of a character that the cut went through. */
function skipPartial(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start);
}
