import { z } from 'zod';
import { ErrorBody } from '../errors.ts';
import { LoginRequest, RegisterRequest } from '../requests/auth.ts';
import { UserView } from '../views/user.ts';
import { Done } from './common/page.ts';
import { endpoint } from './endpoint.ts';

const CREDENTIALS_LIMIT = 16 * 1024;

const LoggedIn = z
  .object({ success: z.literal(true), token: z.string(), user: UserView })
  .meta({ id: 'LoggedIn' });

/** Clients of the login form read `success` and `message`. */
const LoginFailure = ErrorBody.extend({ success: z.literal(false), message: z.string() }).meta({
  id: 'LoginFailure',
});

export const auth = {
  register: endpoint({
    method: 'POST',
    path: '/api/auth/register',
    access: 'public',
    summary: 'Makes an account and logs in.',
    body: RegisterRequest,
    bodyLimit: CREDENTIALS_LIMIT,
    replies: { 200: LoggedIn },
    errors: ['registration_closed', 'username_taken', 'email_taken', 'overloaded'],
    errorBody: LoginFailure,
  }),

  login: endpoint({
    method: 'POST',
    path: '/api/auth/login',
    access: 'public',
    summary: 'Logs in.',
    body: LoginRequest,
    bodyLimit: CREDENTIALS_LIMIT,
    replies: { 200: LoggedIn },
    errors: ['invalid_credentials', 'account_disabled', 'overloaded'],
    errorBody: LoginFailure,
  }),

  refresh: endpoint({
    method: 'POST',
    path: '/api/auth/refresh',
    access: 'user',
    summary: 'Gives a new token of the same login; the old one keeps its own end.',
    replies: { 200: LoggedIn },
  }),

  logout: endpoint({
    method: 'POST',
    path: '/api/auth/logout',
    access: 'user',
    summary: 'Ends this login everywhere.',
    replies: { 200: Done },
  }),

  verify: endpoint({
    method: 'GET',
    path: '/api/auth/verify',
    access: 'user',
    summary: 'Tells whose token this is.',
    replies: { 200: z.object({ valid: z.literal(true), user: UserView }) },
  }),
};
