const HANDSHAKE_RECORD = 0x16;
const CLIENT_HELLO = 1;
const SERVER_NAME = 0;
const HOST_NAME = 0;
const RECORD_HEADER = 5;
/** Far more than any client says before it is answered. */
export const MAX_HELLO_BYTES = 32 * 1024;

export type HelloReading =
  | { kind: 'incomplete' }
  | { kind: 'not_tls' }
  /** Null: it names no server, as for an address. */
  | { kind: 'hello'; serverName: string | null };

/** What the first bytes of a connection are: RFC 8446, 4.1.2 and 5.1; RFC 6066, 3. */
export function readClientHello(bytes: Buffer): HelloReading {
  const handshake: Buffer[] = [];
  let at = 0;
  while (at < bytes.length) {
    if (bytes[at] !== HANDSHAKE_RECORD) return { kind: 'not_tls' };
    if (at + RECORD_HEADER > bytes.length) break;
    if (bytes[at + 1] !== 3) return { kind: 'not_tls' };
    const end = at + RECORD_HEADER + bytes.readUInt16BE(at + 3);
    handshake.push(bytes.subarray(at + RECORD_HEADER, end));
    if (end > bytes.length) break;
    at = end;
  }
  const message = Buffer.concat(handshake);
  if (message.length > 0 && message[0] !== CLIENT_HELLO) return { kind: 'not_tls' };
  if (message.length < 4) return tooLong(bytes);
  const length = message.readUIntBE(1, 3);
  if (message.length < 4 + length) return tooLong(bytes);
  try {
    return { kind: 'hello', serverName: serverNameOf(message.subarray(4, 4 + length)) };
  } catch {
    return { kind: 'not_tls' };
  }
}

function tooLong(bytes: Buffer): HelloReading {
  return bytes.length > MAX_HELLO_BYTES ? { kind: 'not_tls' } : { kind: 'incomplete' };
}

/** Throws where lengths lead beyond the message, or a name is given twice. */
function serverNameOf(body: Buffer): string | null {
  let at = 2 + 32;
  at += 1 + body.readUInt8(at);
  at += 2 + body.readUInt16BE(at);
  at += 1 + body.readUInt8(at);
  if (at === body.length) return null;
  const end = at + 2 + body.readUInt16BE(at);
  at += 2;
  let name: string | null = null;
  while (at < end) {
    const type = body.readUInt16BE(at);
    const next = at + 4 + body.readUInt16BE(at + 2);
    if (type === SERVER_NAME) {
      if (name !== null || body.readUInt8(at + 6) !== HOST_NAME) throw new RangeError('names');
      const length = body.readUInt16BE(at + 7);
      if (at + 9 + length !== next) throw new RangeError('more than one name');
      name = body.subarray(at + 9, next).toString('latin1');
    }
    at = next;
  }
  if (at !== end || end !== body.length) throw new RangeError('length');
  return name;
}
