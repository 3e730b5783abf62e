import { newId } from '#shared/ids.ts';
import type { Context } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import type { RegisterRequest } from '../../protocol/requests/auth.ts';
import type { PasswordHasher } from '../ports.ts';
import type { User, UserRole } from '../user.ts';

export interface CreateUserDeps {
  hasher: Pick<PasswordHasher, 'hash'>;
}

/**
 * Stores an account. Without a `role` the very first one is the administrator's.
 * Throws `username_taken` or `email_taken`, `invalid_input` for a password that repeats the name.
 */
export async function createUser(
  deps: CreateUserDeps,
  ctx: Context<'users'>,
  input: RegisterRequest & { role?: UserRole },
): Promise<User> {
  const { users } = ctx.repositories;
  refuseGuessable(input);
  if (await users.getByUsername(input.username)) throw taken('username_taken');
  if (await users.getByEmail(input.email)) throw taken('email_taken');
  const passwordHash = await deps.hasher.hash(input.password);
  const now = ctx.clock.now();
  const user: User = {
    id: newId(),
    username: input.username,
    email: input.email,
    avatarUrl: null,
    role: input.role ?? ((await users.count()) === 0 ? 'admin' : 'member'),
    disabledAt: null,
    tokensValidAfter: 0,
    createdAt: now,
    updatedAt: now,
  };
  await users.insert({ ...user, passwordHash });
  return user;
}

function refuseGuessable({ username, email, password }: RegisterRequest): void {
  const folded = password.toLowerCase();
  if (folded === username.toLowerCase() || folded === email) {
    throw new DomainError('invalid_input', 'password: must differ from the name and the e-mail address', {
      field: 'password',
    });
  }
}

function taken(code: 'username_taken' | 'email_taken'): DomainError {
  return code === 'username_taken'
    ? new DomainError(code, 'This username is taken', { field: 'username' })
    : new DomainError(code, 'An account with this e-mail address exists', { field: 'email' });
}
