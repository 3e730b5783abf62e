import { notGit, remoteRefusal } from '../failures.ts';

/** Lines and separators of git's wire format (gitprotocol-common(5)). */
export type Packet = Buffer | 'flush' | 'delimiter' | 'end';

const LENGTH_DIGITS = 4;
const SEPARATORS: Readonly<Record<number, Packet>> = { 0: 'flush', 1: 'delimiter', 2: 'end' };

export const FLUSH = '0000';
export const DELIMITER = '0001';

export function encodeLine(text: string): string {
  const line = `${text}\n`;
  return (Buffer.byteLength(line) + LENGTH_DIGITS).toString(16).padStart(LENGTH_DIGITS, '0') + line;
}

/** Throws for what is not in the format, and for the error that the other side sends as a packet. */
export async function* readPackets(chunks: AsyncIterable<Uint8Array>): AsyncGenerator<Packet, void> {
  let pending: Buffer = Buffer.alloc(0);
  for await (const chunk of chunks) {
    pending = pending.length === 0 ? Buffer.from(chunk) : Buffer.concat([pending, chunk]);
    let at = 0;
    while (pending.length - at >= LENGTH_DIGITS) {
      const length = parseLength(pending.toString('latin1', at, at + LENGTH_DIGITS));
      if (length < LENGTH_DIGITS) {
        yield separator(length);
        at += LENGTH_DIGITS;
        continue;
      }
      if (pending.length - at < length) break;
      yield checked(pending.subarray(at + LENGTH_DIGITS, at + length));
      at += length;
    }
    pending = pending.subarray(at);
  }
  if (pending.length > 0) throw notGit();
}

/** The text of a line, without its end; null for a separator. */
export function lineOf(packet: Packet | undefined): string | null {
  return packet instanceof Buffer ? packet.toString('utf8').replace(/\n$/, '') : null;
}

function parseLength(digits: string): number {
  if (!/^[0-9a-f]{4}$/i.test(digits)) throw notGit();
  return Number.parseInt(digits, 16);
}

function separator(length: number): Packet {
  const packet = SEPARATORS[length];
  if (packet === undefined) throw notGit();
  return packet;
}

function checked(payload: Buffer): Buffer {
  if (payload.subarray(0, 4).toString('latin1') === 'ERR ') throw remoteRefusal(payload.toString('utf8', 4));
  return payload;
}

const BAND_DATA = 1;
const BAND_ERROR = 3;

/** The pack out of a stream that carries progress and errors beside it. */
export async function* packOf(packets: AsyncIterator<Packet, void>): AsyncGenerator<Uint8Array, void> {
  try {
    for (;;) {
      const { value: packet, done } = await packets.next();
      if (done || packet === 'flush' || packet === 'end') return;
      if (!(packet instanceof Buffer) || packet.length === 0) continue;
      if (packet[0] === BAND_ERROR) throw remoteRefusal(packet.toString('utf8', 1));
      if (packet[0] === BAND_DATA) yield packet.subarray(1);
    }
  } finally {
    await packets.return?.();
  }
}
