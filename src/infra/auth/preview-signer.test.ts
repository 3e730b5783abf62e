import { expect, test } from 'vitest';
import { newId } from '#shared/ids.ts';
import { createPreviewSigner } from './preview-signer.ts';

const secret = 'a-secret-of-at-least-thirty-two-bytes';
const signer = createPreviewSigner({ secret });
const grant = {
  projectId: newId(),
  port: 5173,
  userId: newId(),
  loginSessionId: newId(),
  issuedAt: 1_000,
  expiresAt: 2_000,
};

test('gives back what it signed, for its use and its time', () => {
  const ticket = signer.sign(grant, 'ticket');
  expect(signer.verify(ticket, 'ticket', 1_999)).toEqual(grant);
  expect(signer.verify(ticket, 'ticket', 2_000)).toBeNull();
  expect(signer.verify(ticket, 'pass', 1_999)).toBeNull();
});

test('refuses whatever was changed, or signed elsewhere', () => {
  const ticket = signer.sign(grant, 'ticket');
  const [payload = '', signature = ''] = ticket.split('.');
  const other = Buffer.from(Buffer.from(payload, 'base64url').toString().replace('5173', '5174'));
  for (const forged of [
    '',
    '.',
    payload,
    `${payload}.`,
    `${other.toString('base64url')}.${signature}`,
    `${payload}.${signature.slice(0, -2)}AA`,
    `${ticket}.x`,
    `${'A'.repeat(5_000)}.${signature}`,
    createPreviewSigner({ secret: secret.toUpperCase() }).sign(grant, 'ticket'),
  ]) {
    expect(signer.verify(forged, 'ticket', 1_500)).toBeNull();
  }
});
