import { newId } from '#shared/ids.ts';
import type { Context } from '../../context.ts';
import type { TokenSigner } from '../ports.ts';
import type { LoginSession, User } from '../user.ts';
import { deviceOf } from './known-device.ts';

export interface TokenIssuerDeps {
  signer: Pick<TokenSigner, 'sign'>;
  /** Life of one access token. */
  tokenLifeMs: number;
}

/** However often its token is refreshed, a login ends after this long. */
const LOGIN_SESSION_LIFE_MS = 30 * 24 * 3_600_000;

export interface LoginResult {
  user: User;
  token: string;
}

/** Starts a login session and signs its first token. */
export async function startLogin(
  deps: TokenIssuerDeps,
  ctx: Context<'logins'>,
  user: User,
  network: string,
): Promise<LoginResult> {
  const now = ctx.clock.now();
  const login: LoginSession = {
    id: newId(),
    userId: user.id,
    device: deviceOf({ account: user.email, network }),
    createdAt: now,
    lastUsedAt: now,
    expiresAt: now + LOGIN_SESSION_LIFE_MS,
    revokedAt: null,
  };
  await ctx.repositories.logins.insert(login);
  return { user, token: await issueToken(deps, now, user, login) };
}

export function issueToken(
  deps: TokenIssuerDeps,
  now: number,
  user: User,
  login: Pick<LoginSession, 'id' | 'expiresAt'>,
): Promise<string> {
  return deps.signer.sign({
    userId: user.id,
    username: user.username,
    loginSessionId: login.id,
    issuedAt: now,
    expiresAt: Math.min(now + deps.tokenLifeMs, login.expiresAt),
  });
}
