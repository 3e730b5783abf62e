import { z } from 'zod';

export const UserRole = z.enum(['admin', 'member']);
export type UserRole = z.infer<typeof UserRole>;

export const User = z.object({
  id: z.uuid(),
  username: z.string(),
  email: z.string(),
  avatarUrl: z.string().nullable(),
  role: UserRole,
  /** Set when an operator disabled the account. */
  disabledAt: z.number().nullable(),
  /** Tokens issued before this moment (Unix ms) are void. */
  tokensValidAfter: z.number(),
  createdAt: z.number(),
  updatedAt: z.number(),
});
export type User = z.infer<typeof User>;

/** A login of one user on one device; the bearer tokens refer to it. */
export const LoginSession = z.object({
  id: z.uuid(),
  userId: z.uuid(),
  /** A digest of the network that it was begun from; null where that is not known. */
  device: z.string().nullable(),
  createdAt: z.number(),
  lastUsedAt: z.number(),
  /** Absolute end, whatever is refreshed. */
  expiresAt: z.number(),
  revokedAt: z.number().nullable(),
});
export type LoginSession = z.infer<typeof LoginSession>;
