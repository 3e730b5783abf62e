import { newId } from '#shared/ids.ts';
import type { Context } from '../../context.ts';
import { DomainError } from '../../errors.ts';
import type { RegisterRequest } from '../../protocol/requests/auth.ts';
import type { PasswordHasher } from '../ports.ts';
import type { User, UserRole } from '../user.ts';
import { usernameKey } from './username-key.ts';

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
  input: RegisterRequest & { role?: UserRole; from?: string },
): Promise<User> {
  const { users } = ctx.repositories;
  refuseGuessable(input);
  const key = usernameKey(input.username);
  if (await users.isUsernameTaken(key)) throw taken('username_taken');
  if (await users.getByUsername(input.username)) throw taken('username_taken');
  if (await users.getByEmail(input.email)) throw taken('email_taken');
  const passwordHash = await deps.hasher.hash(input.password, input.from);
  const now = ctx.clock.now();
  const user: User = {
    id: newId(),
    username: input.username,
    email: input.email,
    avatarUrl: null,
    role: input.role ?? 'member',
    disabledAt: null,
    tokensValidAfter: 0,
    createdAt: now,
    updatedAt: now,
  };
  const row = { ...user, passwordHash, usernameKey: key };
  if (input.role !== undefined || (await users.count()) > 0) {
    await users.insert(row);
    return user;
  }
  return ctx.transaction((tx) => insertAsFirst(tx, row));
}

/** Of several who come at once while there is nobody, one is the first. */
async function insertAsFirst(
  { repositories: { users } }: Context<'users'>,
  row: User & { passwordHash: string; usernameKey: string },
): Promise<User> {
  await users.lockFirst();
  const role = (await users.count()) === 0 ? 'admin' : 'member';
  await users.insert({ ...row, role });
  const { passwordHash: _, usernameKey: __, ...user } = row;
  return { ...user, role };
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
