import type { Readable } from 'node:stream';

const MAX_TEXT_BYTES = 64 * 1024;

/** Reads a stream to its end and keeps its beginning; the returned function gives what there is so far. */
export function collectText(stream: Readable, maxBytes = MAX_TEXT_BYTES): () => string {
  const chunks: Buffer[] = [];
  let size = 0;
  stream.on('error', () => {});
  stream.on('data', (chunk: Buffer) => {
    if (size >= maxBytes) return;
    chunks.push(chunk.subarray(0, maxBytes - size));
    size += chunk.length;
  });
  return () => Buffer.concat(chunks).toString('utf8');
}

/** Reads until the stream ends or `maxBytes` have come. */
export async function readHead(
  stream: Readable,
  maxBytes: number,
): Promise<{ bytes: Buffer; truncated: boolean }> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of stream as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    size += chunk.length;
    if (size > maxBytes) break;
  }
  return { bytes: Buffer.concat(chunks).subarray(0, maxBytes), truncated: size > maxBytes };
}
