import { createCipheriv, createDecipheriv, hkdfSync, randomBytes } from 'node:crypto';
import type { SecretBox } from '#domain/user/index.ts';

export interface SecretBoxOptions {
  /** At least 32 bytes. */
  masterKey: string;
  /** Keys of before a rotation: what they sealed can still be opened. */
  previousMasterKeys?: readonly string[];
}

const MIN_MASTER_KEY_BYTES = 32;
const VERSION = 'v1';
const CIPHER = 'aes-256-gcm';
const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/**
 * Envelope encryption: a data key per secret, wrapped by a key derived from the master key, so that a rotation
 * has only the data keys to wrap again. Text: `v1.<master key id>.<wrapped data key>.<ciphertext>`.
 */
export function createSecretBox(options: SecretBoxOptions): SecretBox {
  const current = wrappingKey(options.masterKey);
  const keys = new Map(
    [current, ...(options.previousMasterKeys ?? []).map(wrappingKey)].map(({ id, key }) => [id, key]),
  );

  return {
    seal(plaintext, context) {
      const dataKey = randomBytes(KEY_BYTES);
      const wrapped = encrypt(current.key, dataKey, `${VERSION}|${current.id}|${context}`);
      const sealed = encrypt(dataKey, Buffer.from(plaintext, 'utf8'), context);
      dataKey.fill(0);
      return [VERSION, current.id, wrapped.toString('base64url'), sealed.toString('base64url')].join('.');
    },
    open(sealed, context) {
      try {
        const [version, id = '', wrapped = '', body = '', ...rest] = sealed.split('.');
        const key = keys.get(id);
        if (version !== VERSION || !key || rest.length > 0) throw new Error('unknown format');
        const dataKey = decrypt(key, Buffer.from(wrapped, 'base64url'), `${version}|${id}|${context}`);
        return decrypt(dataKey, Buffer.from(body, 'base64url'), context).toString('utf8');
      } catch {
        throw new Error('The stored secret cannot be read');
      }
    },
  };
}

function wrappingKey(masterKey: string): { id: string; key: Buffer } {
  if (Buffer.byteLength(masterKey) < MIN_MASTER_KEY_BYTES) {
    throw new Error(`the master key must have at least ${MIN_MASTER_KEY_BYTES} bytes`);
  }
  const derive = (purpose: string, length: number) =>
    Buffer.from(hkdfSync('sha256', masterKey, '', `crush/secret-box/${VERSION}/${purpose}`, length));
  return { id: derive('id', 6).toString('base64url'), key: derive('key', KEY_BYTES) };
}

/** Nonce, ciphertext and tag in one piece. */
function encrypt(key: Buffer, plaintext: Buffer, aad: string): Buffer {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(CIPHER, key, nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(Buffer.from(aad, 'utf8'));
  return Buffer.concat([nonce, cipher.update(plaintext), cipher.final(), cipher.getAuthTag()]);
}

function decrypt(key: Buffer, sealed: Buffer, aad: string): Buffer {
  if (sealed.length < NONCE_BYTES + TAG_BYTES) throw new Error('too short');
  const decipher = createDecipheriv(CIPHER, key, sealed.subarray(0, NONCE_BYTES), {
    authTagLength: TAG_BYTES,
  });
  decipher.setAAD(Buffer.from(aad, 'utf8'));
  decipher.setAuthTag(sealed.subarray(-TAG_BYTES));
  return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES, -TAG_BYTES)), decipher.final()]);
}
