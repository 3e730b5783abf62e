import { networkOf } from '#shared/network-of.ts';
import type { Context } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import type { RegisterRequest } from '../../protocol/requests/auth.ts';
import type { RegistrationThrottle } from '../access.ts';
import { type LoginResult, startLogin, type TokenIssuerDeps } from '../login/issue-token.ts';
import { type CreateUserDeps, createUser } from './create-user.ts';

export interface RegisterUserDeps extends CreateUserDeps, TokenIssuerDeps {
  registration: 'open' | 'closed';
  registrations: RegistrationThrottle;
}

/** An account by its future owner, who is logged in at once. Throws `too_many_requests` besides. */
export async function registerUser(
  deps: RegisterUserDeps,
  ctx: Context<'users' | 'logins'>,
  input: RegisterRequest & { address: string },
): Promise<LoginResult> {
  if (deps.registration === 'closed') {
    throw new DomainError('registration_closed', 'Registration is closed on this server');
  }
  const { username, email, password } = input;
  const network = networkOf(input.address);
  const waitMs = await deps.registrations.take(network);
  if (waitMs > 0) {
    throw new DomainError('too_many_requests', 'Too many new accounts, try again later', {
      retryAfterSeconds: Math.ceil(waitMs / 1000),
    });
  }
  const user = await createUser(deps, ctx, { username, email, password, from: network });
  return startLogin(deps, ctx, user, network);
}
