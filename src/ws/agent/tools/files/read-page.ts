import { truncate } from '#shared/text.ts';

const MAX_LINE_CHARS = 2000;
/** Enough for that many characters, and one more to see that the line goes on. */
const MAX_LINE_BYTES = MAX_LINE_CHARS * 4 + 4;
const LINE_FEED = 0x0a;

export interface Page {
  lines: string[];
  /** Lines of what was scanned; a piece behind the last line feed is one if it is not empty. */
  total: number;
  /** False when the scan ended before the text did. */
  complete: boolean;
}

export interface PageRequest {
  /** Lines to skip, lines to give, and their bytes in sum. */
  offset: number;
  limit: number;
  maxBytes: number;
  /** How far to go on only to count lines. */
  scanBytes: number;
}

/** A stretch of a text's lines, and how many there are. Null when it is no UTF-8 text. */
export async function readPage(
  chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>,
  { offset, limit, maxBytes, scanBytes }: PageRequest,
): Promise<Page | null> {
  const page: Page = { lines: [], total: 0, complete: false };
  let line: Uint8Array[] = [];
  let lineBytes = 0;
  let pending = false;
  let shownBytes = 0;
  let full = false;
  let scanned = 0;
  const isShown = () => !full && page.total >= offset && page.lines.length < limit;

  function keep(bytes: Uint8Array): void {
    if (isShown() && lineBytes < MAX_LINE_BYTES) line.push(bytes.subarray(0, MAX_LINE_BYTES - lineBytes));
    lineBytes += bytes.length;
    pending ||= bytes.length > 0;
  }

  /** False when the line is no text. */
  function endLine(): boolean {
    if (isShown()) {
      const text = decodeLine(Buffer.concat(line), lineBytes > MAX_LINE_BYTES);
      if (text === null) return false;
      shownBytes += Buffer.byteLength(text) + 1;
      if (shownBytes > maxBytes) full = true;
      else page.lines.push(text);
    }
    page.total += 1;
    line = [];
    lineBytes = 0;
    pending = false;
    return true;
  }

  for await (const chunk of chunks) {
    if (chunk.includes(0)) return null;
    let from = 0;
    for (let at = chunk.indexOf(LINE_FEED); at >= 0; at = chunk.indexOf(LINE_FEED, from)) {
      keep(chunk.subarray(from, at));
      if (!endLine()) return null;
      from = at + 1;
    }
    keep(chunk.subarray(from));
    scanned += chunk.length;
    if (scanned >= scanBytes) return page;
  }
  if (pending && !endLine()) return null;
  page.complete = true;
  return page;
}

function decodeLine(bytes: Uint8Array, isCut: boolean): string | null {
  const whole = isCut ? withoutCutCharacter(bytes) : bytes;
  try {
    const text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(whole);
    const line = text.endsWith('\r') ? text.slice(0, -1) : text;
    return line.length <= MAX_LINE_CHARS ? line : `${truncate(line, MAX_LINE_CHARS)}...`;
  } catch {
    return null;
  }
}

/** A cut that goes through a character would otherwise count as no text. */
function withoutCutCharacter(bytes: Uint8Array): Uint8Array {
  let end = bytes.length;
  while (end > 0 && bytes.length - end < 4 && ((bytes[end - 1] ?? 0) & 0xc0) === 0x80) end -= 1;
  return bytes.subarray(0, Math.max(0, end - 1));
}
