import type { Context } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import type { RegisterRequest } from '../../protocol/requests/auth.ts';
import { type LoginResult, startLogin, type TokenIssuerDeps } from '../login/issue-token.ts';
import { type CreateUserDeps, createUser } from './create-user.ts';

export interface RegisterUserDeps extends CreateUserDeps, TokenIssuerDeps {
  registration: 'open' | 'closed';
}

/** An account by its future owner, who is logged in at once. */
export async function registerUser(
  deps: RegisterUserDeps,
  ctx: Context<'users' | 'logins'>,
  input: RegisterRequest,
): Promise<LoginResult> {
  if (deps.registration === 'closed') {
    throw new DomainError('registration_closed', 'Registration is closed on this server');
  }
  const { username, email, password } = input;
  return startLogin(deps, ctx, await createUser(deps, ctx, { username, email, password }));
}
