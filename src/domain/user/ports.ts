import type { LoginSession, User } from './user.ts';

export interface UserRepository {
  /** Throws `username_taken` or `email_taken`. `usernameKey`: what names that look alike share. */
  insert(user: User & { passwordHash: string | null; usernameKey: string }): Promise<void>;
  get(id: string): Promise<User | null>;
  /** The address is compared in lower case. */
  getByEmail(email: string): Promise<User | null>;
  getByUsername(username: string): Promise<User | null>;
  isUsernameTaken(usernameKey: string): Promise<boolean>;
  passwordHash(id: string): Promise<string | null>;
  setPasswordHash(id: string, hash: string, now: number): Promise<void>;
  setDisabled(id: string, disabledAt: number | null, now: number): Promise<void>;
  setTokensValidAfter(id: string, moment: number): Promise<void>;
  list(page: { limit: number; afterId?: string }): Promise<User[]>;
  count(): Promise<number>;
  /** Until the end of the transaction nobody else becomes the first user. Only inside a transaction. */
  lockFirst(): Promise<void>;
  /**
   * Until the end of the transaction nobody else counts or adds to what this user has (turns, sessions, projects).
   * Only inside a transaction; after `sessions.lock` where both are taken.
   */
  lockShares(id: string): Promise<void>;
}

export interface LoginSessionRepository {
  insert(login: LoginSession): Promise<void>;
  get(id: string): Promise<LoginSession | null>;
  /** Whether the owner of this address has used a login from this device since then, one that has ended included. */
  isKnownDevice(of: { email: string; device: string; since: number }): Promise<boolean>;
  touch(id: string, now: number): Promise<void>;
  revoke(id: string, now: number): Promise<void>;
  revokeAll(userId: string, now: number): Promise<void>;
}

/** Who wants a password checked. */
export interface PasswordSource {
  network: string;
  /** The account has been used from there before. */
  isKnown: boolean;
}

/**
 * Slow by intent; the adapter bounds how many run at once and throws `overloaded` beyond its queue. New passwords,
 * logins from known devices and those from elsewhere have places of their own, so that none is behind a flood of the
 * others; within these, networks take turns.
 */
export interface PasswordHasher {
  /** PHC text with algorithm and parameters. */
  hash(password: string, network?: string): Promise<string>;
  /**
   * `hash: null` costs the same time and is false. `renewed`: to be stored in the place of one that was made with
   * other parameters than today's.
   */
  verify(
    password: string,
    hash: string | null,
    from?: PasswordSource,
  ): Promise<{ ok: boolean; renewed: string | null }>;
}

export interface AccessClaims {
  userId: string;
  username: string;
  loginSessionId: string;
  /** Unix ms. */
  issuedAt: number;
  expiresAt: number;
}

export interface TokenSigner {
  sign(claims: AccessClaims): Promise<string>;
  /** Throws `unauthenticated` or `token_expired`; checks signature, algorithm, issuer, audience, use and times. */
  verify(token: string): Promise<AccessClaims>;
}

/** Authenticated encryption of small secrets. `context` (table|row|user|purpose) must be the same at both ends. */
export interface SecretBox {
  seal(plaintext: string, context: string): string;
  /** Throws a generic error when the text or its context was changed. */
  open(sealed: string, context: string): string;
}
