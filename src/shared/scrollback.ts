const FIRST_BYTES = 16 * 1024;
const LINE_FEED = 0x0a;

/** The last `maxBytes` of a stream, by their position in it. Memory grows with the stream up to that. */
export interface Scrollback {
  push(bytes: Buffer): void;
  /** Position of the first byte that is kept. */
  start(): number;
  /** Position behind the last one. */
  end(): number;
  /** A copy of at most `maxBytes` from this position on, which has to be kept. */
  read(from: number, maxBytes: number): Buffer;
  /** Where a client begins that has nothing: at a line's beginning when the first bytes are gone. */
  firstLine(): number;
}

export function createScrollback(maxBytes: number): Scrollback {
  let ring = Buffer.alloc(Math.min(FIRST_BYTES, maxBytes));
  let end = 0;
  const start = (): number => Math.max(0, end - ring.length);

  function grow(needed: number): void {
    if (needed <= ring.length || ring.length === maxBytes) return;
    const kept = read(start(), ring.length);
    let size = ring.length;
    while (size < needed && size < maxBytes) size *= 2;
    ring = Buffer.alloc(Math.min(size, maxBytes));
    const from = end - kept.length;
    put(kept, from);
  }

  function put(bytes: Buffer, position: number): void {
    const at = position % ring.length;
    const fitting = bytes.copy(ring, at);
    if (fitting < bytes.length) bytes.copy(ring, 0, fitting);
  }

  function read(from: number, limit: number): Buffer {
    const length = Math.min(limit, end - from);
    const at = from % ring.length;
    const first = ring.subarray(at, at + length);
    if (first.length === length) return Buffer.from(first);
    return Buffer.concat([first, ring.subarray(0, length - first.length)]);
  }

  return {
    push(bytes) {
      grow(end + bytes.length);
      const kept = bytes.subarray(Math.max(0, bytes.length - ring.length));
      put(kept, end + bytes.length - kept.length);
      end += bytes.length;
    },
    start,
    end: () => end,
    read,
    firstLine() {
      const from = start();
      if (from === 0) return 0;
      const feed = read(from, ring.length).indexOf(LINE_FEED);
      return feed === -1 ? from : from + feed + 1;
    },
  };
}
