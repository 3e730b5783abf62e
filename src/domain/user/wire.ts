import type { UserView } from '../protocol/views/user.ts';
import type { User } from './user.ts';

export function toUserView(user: User): UserView {
  return { id: user.id, username: user.username, email: user.email, avatar_url: user.avatarUrl ?? undefined };
}
