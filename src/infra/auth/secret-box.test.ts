import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSecretBox } from './secret-box.ts';

const masterKey = 'm'.repeat(32);
const box = createSecretBox({ masterKey });
const refusal = 'The stored secret cannot be read';

describe('secret box', () => {
  it('opens what it sealed under the same context', () => {
    fc.assert(
      fc.property(fc.string(), fc.string(), (text, context) => {
        expect(box.open(box.seal(text, context), context)).toBe(Buffer.from(text).toString());
      }),
    );
  });

  it('never seals twice to the same text and shows nothing of the secret', () => {
    const [first, second] = [box.seal('sk-canary-123456', 'row'), box.seal('sk-canary-123456', 'row')];
    expect(first).not.toBe(second);
    expect(first).not.toContain('canary');
    expect(first.startsWith('v1.')).toBe(true);
  });

  it('fails closed when a ciphertext is moved to another row', () => {
    const sealed = box.seal('secret', 'configs|1|user|api_key');
    expect(() => box.open(sealed, 'configs|2|user|api_key')).toThrow(refusal);
  });

  it('fails closed with the same error for every changed character', () => {
    const sealed = box.seal('secret', 'row');
    for (let i = 0; i < sealed.length; i++) {
      const changed = sealed.slice(0, i) + (sealed[i] === 'A' ? 'Q' : 'A') + sealed.slice(i + 1);
      if (Buffer.from(changed, 'base64url').equals(Buffer.from(sealed, 'base64url'))) continue;
      expect(() => box.open(changed, 'row')).toThrow(refusal);
    }
    for (const text of ['', 'v1', 'v1...', 'v2.a.b.c', `${sealed}.x`, sealed.slice(0, -30)]) {
      expect(() => box.open(text, 'row')).toThrow(refusal);
    }
  });

  it('is of no use without the master key, and reads old texts during a rotation', () => {
    const sealed = box.seal('secret', 'row');
    const next = 'n'.repeat(32);
    expect(() => createSecretBox({ masterKey: next }).open(sealed, 'row')).toThrow(refusal);
    expect(createSecretBox({ masterKey: next, previousMasterKeys: [masterKey] }).open(sealed, 'row')).toBe(
      'secret',
    );
  });

  it('refuses a master key of 31 bytes', () => {
    expect(() => createSecretBox({ masterKey: 'm'.repeat(31) })).toThrow(/32 bytes/);
  });
});
