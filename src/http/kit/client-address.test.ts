import { describe, expect, it } from 'vitest';
import { createClientAddress } from './client-address.ts';

describe('client address', () => {
  it('is the peer when no proxy is trusted, whatever the header claims', () => {
    const address = createClientAddress([]);
    expect(address('203.0.113.1', '10.0.0.1')).toBe('203.0.113.1');
    expect(address('::ffff:203.0.113.1', undefined)).toBe('203.0.113.1');
    expect(address(undefined, '10.0.0.1')).toBe('');
  });

  it('is the entry that the outermost trusted proxy added', () => {
    const address = createClientAddress(['10.0.0.0/8', 'fd00::/8']);
    expect(address('10.0.0.9', '198.51.100.7')).toBe('198.51.100.7');
    expect(address('10.0.0.9', '1.1.1.1, 198.51.100.7, 10.0.0.2')).toBe('198.51.100.7');
    expect(address('::ffff:10.0.0.9', '198.51.100.7')).toBe('198.51.100.7');
    expect(address('fd00::1', '2001:db8::7')).toBe('2001:db8::7');
  });

  it('ignores what an untrusted peer sends and stops at rubbish', () => {
    const address = createClientAddress(['10.0.0.0/8']);
    expect(address('203.0.113.1', '198.51.100.7')).toBe('203.0.113.1');
    expect(address('10.0.0.9', 'unknown, nonsense')).toBe('10.0.0.9');
    expect(address('10.0.0.9', '')).toBe('10.0.0.9');
  });

  it('refuses a list that holds something else', () => {
    expect(() => createClientAddress(['proxy.example'])).toThrow(/proxy\.example/);
  });
});
