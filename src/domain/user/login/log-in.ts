import { networkOf } from '#shared/network-of.ts';
import type { Context } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import type { LoginRequest } from '../../protocol/requests/auth.ts';
import type { LoginAttempt, LoginThrottle } from '../access.ts';
import type { PasswordHasher, PasswordSource } from '../ports.ts';
import type { User } from '../user.ts';
import { type LoginResult, startLogin, type TokenIssuerDeps } from './issue-token.ts';
import { isKnownDevice } from './known-device.ts';

export interface LogInDeps extends TokenIssuerDeps {
  hasher: PasswordHasher;
  throttle: LoginThrottle;
}

/**
 * An unknown address and a wrong password cost the same time and fail alike with `invalid_credentials`.
 * `too_many_requests` after repeated failures.
 */
export async function logIn(
  deps: LogInDeps,
  ctx: Context<'users' | 'logins'>,
  input: LoginRequest & { address: string },
): Promise<LoginResult> {
  const network = networkOf(input.address);
  const device = { account: input.email, network };
  const attempt = { ...device, isKnown: await isKnownDevice(ctx, device) };
  await refuseWhileThrottled(deps.throttle, attempt);
  const user = await checkPassword(deps, ctx, { ...input, from: attempt });
  if (!user) {
    await deps.throttle.failed(attempt);
    throw new DomainError('invalid_credentials', 'E-mail address or password is wrong');
  }
  // Failures of parallel guesses may have come in meanwhile: a hit among them must not show.
  await refuseWhileThrottled(deps.throttle, attempt);
  await deps.throttle.succeeded(attempt);
  if (user.disabledAt !== null) throw new DomainError('account_disabled', 'This account is disabled');
  return startLogin(deps, ctx, user, network);
}

async function checkPassword(
  deps: Pick<LogInDeps, 'hasher'>,
  ctx: Context<'users'>,
  input: LoginRequest & { from: PasswordSource },
): Promise<User | null> {
  const { users } = ctx.repositories;
  const user = await users.getByEmail(input.email);
  const stored = user ? await users.passwordHash(user.id) : null;
  const { ok, renewed } = await deps.hasher.verify(input.password, stored, input.from);
  if (!user || !ok) return null;
  if (renewed !== null) await users.setPasswordHash(user.id, renewed, ctx.clock.now());
  return user;
}

async function refuseWhileThrottled(throttle: LoginThrottle, attempt: LoginAttempt): Promise<void> {
  const waitMs = await throttle.waitMs(attempt);
  if (waitMs <= 0) return;
  throw new DomainError('too_many_requests', 'Too many failed logins, try again later', {
    retryAfterSeconds: Math.ceil(waitMs / 1000),
  });
}
