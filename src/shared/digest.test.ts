import { expect, test } from 'vitest';
import { canonicalJson, sha256 } from './digest.ts';

test('equal values with keys in another order have the same canonical text', () => {
  expect(canonicalJson({ b: [{ y: 1, x: 2 }], a: null })).toBe(
    canonicalJson({ a: null, b: [{ x: 2, y: 1 }] }),
  );
  expect(canonicalJson({ a: 1 })).not.toBe(canonicalJson({ a: '1' }));
});

test('the digest of the empty text is the known one', () => {
  expect(sha256('')).toBe('e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855');
});
