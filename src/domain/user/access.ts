import type { User } from './user.ts';

/** What a valid token stands for. */
export interface Access {
  user: User;
  loginSessionId: string;
  /** Of the token, Unix ms. */
  expiresAt: number;
}

/** From a bearer token to the one who holds it. Used by REST on every request and by sockets at their opening. */
export interface Authenticator {
  /** Throws `unauthenticated` or `token_expired`; a revoked login is refused within 60 s at the latest. */
  authenticate(token: string): Promise<Access>;
  close(): void;
}

export interface LoginAttempt {
  /** The address as typed, in lower case, whether or not an account has it. */
  account: string;
  /** Of the client. */
  network: string;
  /** The account has been used from this network before. */
  isKnown: boolean;
}

/** Counts new accounts, per network and in all. */
export interface RegistrationThrottle {
  /** Counts one more; how long it has to wait, 0: it may go on. */
  take(network: string): Promise<number>;
}

/** Counts failed logins. */
export interface LoginThrottle {
  /** How long this attempt has to wait; 0: it may go on. */
  waitMs(attempt: LoginAttempt): Promise<number>;
  failed(attempt: LoginAttempt): Promise<void>;
  succeeded(attempt: LoginAttempt): Promise<void>;
}
