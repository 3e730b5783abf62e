import type { Config } from '#config/load.ts';
import type { ContextFactory } from '#domain/create-context.ts';
import type { Bus } from '#domain/events/index.ts';
import type { PreviewSigner } from '#domain/preview/index.ts';
import type { Authenticator, PasswordHasher, SecretBox, TokenSigner } from '#domain/user/index.ts';
import { verifyAccess } from '#domain/user/index.ts';
import {
  createAuthenticator,
  createPasswordHasher,
  createPreviewSigner,
  createSecretBox,
  createTokenSigner,
} from '#infra/auth/index.ts';
import type { Clock } from '#shared/clock.ts';
import type { CloseStack } from '../../close-stack.ts';
import type { Secrets } from '../platform/secrets.ts';

const ISSUER = 'crush-server';
const AUDIENCE = 'crush';

export interface Accounts {
  signer: TokenSigner;
  secrets: SecretBox;
  hasher: PasswordHasher;
  authenticator: Authenticator;
  previewSigner: PreviewSigner;
}

export interface AccountsDeps {
  secrets: Secrets;
  contexts: ContextFactory;
  bus: Bus;
  clock: Clock;
  stack: CloseStack;
}

export function openAccounts({ secrets, contexts, bus, clock, stack }: AccountsDeps): Accounts {
  const signer = createTokenSigner({ secret: secrets.jwtSecret, issuer: ISSUER, audience: AUDIENCE, clock });
  const system = contexts({ actor: { kind: 'system' }, requestId: 'authentication' });
  const authenticator = createAuthenticator({
    signer,
    verifyAccess: (claims) => verifyAccess(system, claims),
    bus,
    clock,
  });
  stack.push('authenticator', () => authenticator.close());
  return {
    signer,
    secrets: createSecretBox({ masterKey: secrets.masterKey }),
    hasher: createPasswordHasher(),
    authenticator,
    previewSigner: createPreviewSigner({ secret: secrets.jwtSecret }),
  };
}

export function tokenLifeMs(config: Config): number {
  return config.auth.token_expire_hour * 3_600_000;
}
