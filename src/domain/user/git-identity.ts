import type { User } from './user.ts';

export interface GitIdentity {
  name: string;
  email: string;
}

const MAX_NAME_CHARS = 100;
/** What git takes off a name, and what nobody could see in one. */
const REFUSED = /[\p{C}\p{Zl}\p{Zp}<>]/gu;
const EDGES = /^[\s.,:;"'\\]+|[\s.,:;"'\\]+$/g;

/** As whom a user's commits are made. `host` names this installation, for users without an address. */
export function gitIdentity(
  { username, email }: Pick<User, 'username' | 'email'>,
  host: string,
): GitIdentity {
  const shown = username.replace(REFUSED, '').slice(0, MAX_NAME_CHARS).replace(EDGES, '');
  const name = shown === '' ? 'user' : shown;
  const isAddress = /^[^\s\p{C}<>@]+@[^\s\p{C}<>@]+$/u.test(email);
  const local =
    name
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-|-$/g, '') || 'user';
  return { name, email: isAddress ? email : `${local}@users.noreply.${host}` };
}
