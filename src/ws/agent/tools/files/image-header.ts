export interface ImageHeader {
  mediaType: 'image/png' | 'image/jpeg' | 'image/gif' | 'image/webp';
  /** Zero when the header does not tell. */
  width: number;
  height: number;
  /** False when the end of the image is missing. */
  complete: boolean;
}

const PNG = Buffer.from('89504e470d0a1a0a', 'hex');
const JPEG = Buffer.from('ffd8ff', 'hex');
const JPEG_END = Buffer.from('ffd9', 'hex');
/** Start-of-frame markers are c0 to cf without these. */
const NO_FRAME = new Set([0xc4, 0xc8, 0xcc]);
/** Markers without a length behind them. */
const BARE = (marker: number) => marker === 0x01 || (marker >= 0xd0 && marker <= 0xd8);

/** What the bytes of a file say about an image; null when they are none of the kinds that models take. */
export function readImageHeader(bytes: Uint8Array): ImageHeader | null {
  const data = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (data.subarray(0, 8).equals(PNG)) return pngHeader(data);
  if (data.subarray(0, 3).equals(JPEG)) return jpegHeader(data);
  if (/^GIF8[79]a$/.test(ascii(data, 0, 6))) return gifHeader(data);
  if (ascii(data, 0, 4) === 'RIFF' && ascii(data, 8, 12) === 'WEBP') return webpHeader(data);
  return null;
}

function pngHeader(data: Buffer): ImageHeader {
  const known = data.length >= 24 && ascii(data, 12, 16) === 'IHDR';
  return {
    mediaType: 'image/png',
    width: known ? data.readUInt32BE(16) : 0,
    height: known ? data.readUInt32BE(20) : 0,
    complete: data.includes('IEND', 24, 'latin1'),
  };
}

function gifHeader(data: Buffer): ImageHeader {
  const known = data.length >= 10;
  return {
    mediaType: 'image/gif',
    width: known ? data.readUInt16LE(6) : 0,
    height: known ? data.readUInt16LE(8) : 0,
    complete: data.includes(0x3b, 13),
  };
}

/** Walks the segments up to the frame, which tells the size. */
function jpegHeader(data: Buffer): ImageHeader {
  const header: ImageHeader = { mediaType: 'image/jpeg', width: 0, height: 0, complete: false };
  let at = 2;
  while (at + 9 < data.length && data[at] === 0xff) {
    const marker = data[at + 1] ?? 0;
    if (marker === 0xff) at += 1;
    else if (BARE(marker)) at += 2;
    else if (marker >= 0xc0 && marker <= 0xcf && !NO_FRAME.has(marker)) {
      header.height = data.readUInt16BE(at + 5);
      header.width = data.readUInt16BE(at + 7);
      header.complete = data.includes(JPEG_END, at);
      return header;
    } else at += 2 + Math.max(2, data.readUInt16BE(at + 2));
  }
  return header;
}

function webpHeader(data: Buffer): ImageHeader {
  const header: ImageHeader = { mediaType: 'image/webp', width: 0, height: 0, complete: false };
  if (data.length < 30) return header;
  header.complete = data.readUInt32LE(4) + 8 <= data.length;
  const kind = ascii(data, 12, 16);
  if (kind === 'VP8X') {
    header.width = data.readUIntLE(24, 3) + 1;
    header.height = data.readUIntLE(27, 3) + 1;
  } else if (kind === 'VP8L') {
    const bits = data.readUInt32LE(21);
    header.width = (bits & 0x3fff) + 1;
    header.height = ((bits >>> 14) & 0x3fff) + 1;
  } else if (kind === 'VP8 ') {
    header.width = data.readUInt16LE(26) & 0x3fff;
    header.height = data.readUInt16LE(28) & 0x3fff;
  }
  return header;
}

function ascii(data: Buffer, from: number, to: number): string {
  return data.subarray(from, to).toString('latin1');
}
