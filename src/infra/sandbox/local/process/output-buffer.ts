import { StringDecoder } from 'node:string_decoder';

/** Keeps the first and the last half of `maxBytes` of a stream; memory stays within twice that. */
export interface OutputBuffer {
  push(chunk: Buffer): void;
  text(): string;
  truncatedBytes(): number;
}

export function createOutputBuffer(maxBytes: number): OutputBuffer {
  const headLimit = Math.ceil(maxBytes / 2);
  const tailLimit = maxBytes - headLimit;
  const head: Buffer[] = [];
  let headBytes = 0;
  let tail: Buffer[] = [];
  let tailBytes = 0;
  let total = 0;

  function pushTail(chunk: Buffer): void {
    tail.push(chunk);
    tailBytes += chunk.length;
    if (tailBytes < tailLimit * 2 && tail.length < 1024) return;
    const joined = Buffer.concat(tail);
    // A copy, so that the large joined buffer can be freed.
    const kept = Buffer.from(joined.subarray(Math.max(0, joined.length - tailLimit)));
    tail = [kept];
    tailBytes = kept.length;
  }

  return {
    push(chunk) {
      total += chunk.length;
      const room = Math.min(chunk.length, headLimit - headBytes);
      if (room > 0) {
        head.push(Buffer.from(chunk.subarray(0, room)));
        headBytes += room;
      }
      const rest = chunk.subarray(Math.max(room, chunk.length - tailLimit));
      if (rest.length > 0) pushTail(Buffer.from(rest));
    },
    text() {
      const left = total - headBytes;
      const joined = Buffer.concat(tail);
      const end = joined.subarray(Math.max(0, joined.length - tailLimit));
      if (left === end.length) return decode(Buffer.concat([...head, end]));
      const omitted = left - end.length;
      return `${decodeHead(Buffer.concat(head))}\n[… ${omitted} bytes left out …]\n${decode(skipPartial(end))}`;
    },
    truncatedBytes: () => Math.max(0, total - headBytes - tailLimit),
  };
}

function decode(bytes: Buffer): string {
  return bytes.toString('utf8');
}

/** Drops the beginning of a character that the cut went through. */
function decodeHead(bytes: Buffer): string {
  return new StringDecoder('utf8').write(bytes);
}

/** Skips the continuation bytes of a character that the cut went through. */
function skipPartial(bytes: Buffer): Buffer {
  let start = 0;
  while (start < 3 && start < bytes.length && ((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1;
  return bytes.subarray(start);
}
