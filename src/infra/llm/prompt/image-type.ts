const SIGNATURES: readonly (readonly [mediaType: string, at: number, bytes: string])[] = [
  ['image/png', 0, '\x89PNG\r\n\x1a\n'],
  ['image/jpeg', 0, '\xff\xd8\xff'],
  ['image/gif', 0, 'GIF8'],
  ['image/webp', 8, 'WEBP'],
];

/** What the bytes are, whatever the name says; null for what providers do not take. */
export function imageTypeOf(data: Uint8Array): string | null {
  const start = Buffer.from(data.subarray(0, 16)).toString('latin1');
  const found = SIGNATURES.find(([, at, bytes]) => start.startsWith(bytes, at));
  return found?.[0] ?? null;
}
