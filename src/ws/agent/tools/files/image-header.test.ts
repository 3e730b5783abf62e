import fc from 'fast-check';
import { expect, test } from 'vitest';
import { readImageHeader } from './image-header.ts';

const image = (base64: string) => Buffer.from(base64, 'base64');

/** One-pixel images as real encoders write them. */
const REAL = {
  'image/png':
    'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==',
  'image/gif': 'R0lGODlhAQABAIAAAAAAAP///yH5BAEAAAAALAAAAAABAAEAAAIBRAA7',
  'image/webp': 'UklGRiQAAABXRUJQVlA4IBgAAAAwAQCdASoBAAEAAgA0JaQAA3AA/vuUAAA=',
};

test.each(Object.entries(REAL))('a real %s is known with its size', (mediaType, base64) => {
  expect(readImageHeader(image(base64))).toEqual({ mediaType, width: 1, height: 1, complete: true });
});

test.each(Object.entries(REAL))('a %s without its end is not complete', (_, base64) => {
  expect(readImageHeader(image(base64).subarray(0, -9))).toMatchObject({ complete: false });
});

test('a JPEG tells its size behind other segments', () => {
  const bytes = Buffer.from('ffd8ffe00004aaaaffe10003bbffc2000b080005000701011100ffda0002ffd9', 'hex');
  expect(readImageHeader(bytes)).toEqual({ mediaType: 'image/jpeg', width: 7, height: 5, complete: true });
});

test.each([
  ['lossless', '2f0280000000', { width: 3, height: 3 }],
  ['extended', '100000000b0000080000', { width: 12, height: 9 }],
])('a %s WebP tells its size', (kind, payload, size) => {
  const chunk = Buffer.from(payload.padEnd(32, '0'), 'hex');
  const head = Buffer.from(`RIFF\0\0\0\0WEBP${kind === 'lossless' ? 'VP8L' : 'VP8X'}\0\0\0\0`, 'latin1');
  expect(readImageHeader(Buffer.concat([head, chunk]))).toMatchObject(size);
});

test.each(['', 'GIF', 'GIF87b', 'RIFF....WAVE', '<svg/>', 'BM', '\u0089PNG', 'version https://git-lfs'])(
  '%j is no image',
  (text) => {
    expect(readImageHeader(Buffer.from(text, 'latin1'))).toBeNull();
  },
);

test('any bytes behind a beginning are read without an error', () => {
  const beginnings = ['89504e470d0a1a0a', 'ffd8ff', '474946383961', '52494646000000005745425056503820'];
  fc.assert(
    fc.property(fc.constantFrom(...beginnings), fc.uint8Array({ maxLength: 80 }), (hex, rest) => {
      const header = readImageHeader(Buffer.concat([Buffer.from(hex, 'hex'), rest]));
      return header !== null && header.width >= 0 && header.height >= 0;
    }),
  );
});
