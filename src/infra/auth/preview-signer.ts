import { createHmac, hkdfSync, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import type { GrantUse, PreviewGrant, PreviewSigner } from '#domain/preview/index.ts';

const MAX_LENGTH = 1024;
const FORM = /^([A-Za-z0-9_-]+)\.([A-Za-z0-9_-]{43})$/;

const Payload = z.strictObject({
  p: z.uuid(),
  n: z.int().min(1).max(65_535),
  u: z.uuid(),
  l: z.uuid(),
  i: z.number(),
  e: z.number(),
});

/** Signs with a key of its own for each use, made of the token secret. */
export function createPreviewSigner({ secret }: { secret: string }): PreviewSigner {
  const key = (use: GrantUse) => Buffer.from(hkdfSync('sha256', secret, '', `crush/preview/v1/${use}`, 32));
  const keys: Record<GrantUse, Buffer> = { ticket: key('ticket'), pass: key('pass') };
  const digest = (payload: string, use: GrantUse) => createHmac('sha256', keys[use]).update(payload).digest();

  return {
    sign({ projectId, port, userId, loginSessionId, issuedAt, expiresAt }, use) {
      const fields = { p: projectId, n: port, u: userId, l: loginSessionId, i: issuedAt, e: expiresAt };
      const payload = Buffer.from(JSON.stringify(fields)).toString('base64url');
      return `${payload}.${digest(payload, use).toString('base64url')}`;
    },
    verify(text, use, now) {
      const [, payload = '', signature = ''] = (text.length <= MAX_LENGTH && FORM.exec(text)) || [];
      if (payload === '') return null;
      if (!timingSafeEqual(Buffer.from(signature, 'base64url'), digest(payload, use))) return null;
      const { p, n, u, l, i, e } = Payload.parse(JSON.parse(Buffer.from(payload, 'base64url').toString()));
      const grant: PreviewGrant = {
        projectId: p,
        port: n,
        userId: u,
        loginSessionId: l,
        issuedAt: i,
        expiresAt: e,
      };
      return now < e ? grant : null;
    },
  };
}
