import { createSecretKey, generateKeyPairSync, hkdfSync } from 'node:crypto';
import { decodeJwt, decodeProtectedHeader, SignJWT } from 'jose';
import { describe, expect, it } from 'vitest';
import type { AccessClaims } from '#domain/user/index.ts';
import { newId } from '#shared/ids.ts';
import { createTokenSigner } from './token-signer.ts';

const NOW = 1_800_000_000_000;
const HOUR_MS = 3_600_000;
const secret = 's'.repeat(32);
const clock = { now: () => NOW };
const signer = createTokenSigner({ secret, issuer: 'crush-server', audience: 'crush', clock });
const claims: AccessClaims = {
  userId: newId(),
  username: 'ada',
  loginSessionId: newId(),
  issuedAt: NOW,
  expiresAt: NOW + HOUR_MS,
};
/** What the signer derives, so that a test can forge all but one property. */
const key = createSecretKey(Buffer.from(hkdfSync('sha256', secret, '', 'crush/access-token/v1/key', 32)));
const base64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

async function forge(payload: object = {}, header: object = {}): Promise<string> {
  const token = await signer.sign(claims);
  const forgedHeader = { ...decodeProtectedHeader(token), ...header };
  const forgedPayload = { ...decodeJwt(token), ...payload };
  return new SignJWT(JSON.parse(JSON.stringify(forgedPayload)))
    .setProtectedHeader(JSON.parse(JSON.stringify(forgedHeader)))
    .sign(key);
}

describe('token signer', () => {
  it('gives back what it signed, with the claims of the contract', async () => {
    const token = await signer.sign(claims);
    expect(await signer.verify(token)).toEqual(claims);
    expect(decodeJwt(token)).toMatchObject({
      user_id: claims.userId,
      sub: claims.userId,
      sid: claims.loginSessionId,
      username: 'ada',
      iss: 'crush-server',
      aud: 'crush',
      iat: NOW / 1000,
      exp: (NOW + HOUR_MS) / 1000,
    });
    expect(await signer.verify(await forge())).toEqual(claims);
  });

  it('refuses an unsigned token', async () => {
    const [header = '', payload = ''] = (await signer.sign(claims)).split('.');
    const none = base64({ ...JSON.parse(Buffer.from(header, 'base64url').toString()), alg: 'none' });
    for (const token of [`${none}.${payload}.`, `${header}.${payload}.`, `${header}.${payload}`]) {
      await expect(signer.verify(token)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  it('refuses other algorithms, a public key in the place of the secret among them', async () => {
    const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const header = decodeProtectedHeader(await signer.sign(claims));
    const payload = decodeJwt(await signer.sign(claims));
    const pem = Buffer.from(publicKey.export({ type: 'spki', format: 'pem' }));
    const tokens = [
      await new SignJWT(payload).setProtectedHeader({ ...header, alg: 'RS256' }).sign(privateKey),
      await new SignJWT(payload).setProtectedHeader({ ...header, alg: 'HS256' }).sign(pem),
      await new SignJWT(payload).setProtectedHeader({ ...header, alg: 'HS512' }).sign(Buffer.alloc(64, 1)),
    ];
    for (const token of tokens) {
      await expect(signer.verify(token)).rejects.toMatchObject({ code: 'unauthenticated' });
    }
  });

  it.each([
    { kid: '../../dev/null' },
    { kid: 'unknown' },
    { kid: undefined },
    { jku: 'https://evil.example/jwks' },
    { jwk: { kty: 'oct', k: 'AAAA' } },
    { x5u: 'https://evil.example/cert' },
    { typ: 'JWT' },
    { typ: undefined },
  ])('refuses the header %j', async (header) => {
    await expect(signer.verify(await forge({}, header))).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it.each([
    { aud: 'another' },
    { aud: undefined },
    { iss: 'another' },
    { iss: undefined },
    { exp: undefined },
    { iat: undefined },
    { nbf: NOW / 1000 + 60 },
    { use: 'upload' },
    { use: undefined },
    { sub: 7 },
    { sub: newId() },
    { sid: 'not-an-id' },
    { username: ['ada'] },
    { user_id: undefined },
  ])('refuses the claims %j', async (payload) => {
    await expect(signer.verify(await forge(payload))).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('tells an expired token from an invalid one, with little leeway', async () => {
    await expect(signer.verify(await forge({ exp: NOW / 1000 - 31 }))).rejects.toMatchObject({
      code: 'token_expired',
    });
  });

  it('accepts the tokens of a previous secret and not those of a forgotten one', async () => {
    const rotated = { issuer: 'crush-server', audience: 'crush', clock, secret: 'n'.repeat(40) };
    const old = await signer.sign(claims);
    expect(await createTokenSigner({ ...rotated, previousSecrets: [secret] }).verify(old)).toEqual(claims);
    await expect(createTokenSigner(rotated).verify(old)).rejects.toMatchObject({ code: 'unauthenticated' });
  });

  it('refuses a secret of 31 bytes and a token of 100 KB', async () => {
    expect(() => createTokenSigner({ secret: 's'.repeat(31), issuer: 'a', audience: 'b', clock })).toThrow(
      /32/,
    );
    await expect(signer.verify('e'.repeat(100_000))).rejects.toMatchObject({ code: 'unauthenticated' });
  });
});
