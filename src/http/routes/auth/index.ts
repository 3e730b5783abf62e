import { parseInput } from '#domain/parse-input.ts';
import {
  LoginRequest,
  type LoginResult,
  logIn,
  logOut,
  RegisterRequest,
  refreshToken,
  registerUser,
  toUserView,
} from '#domain/user/index.ts';
import type { HttpDeps } from '../../deps.ts';
import { ok, type Reply, type Route } from '../../kit/route.ts';

const CREDENTIALS_LIMIT = 16 * 1024;

/** Clients of the login form read `success` and `message`. */
const asLoginFailure = (message: string) => ({ success: false, message });

export function authRoutes(
  deps: Pick<HttpDeps, 'hasher' | 'signer' | 'throttle' | 'registration' | 'tokenLifeMs'>,
): Route[] {
  return [
    {
      method: 'POST',
      path: '/api/auth/register',
      access: 'public',
      bodyLimit: CREDENTIALS_LIMIT,
      onError: asLoginFailure,
      async handle({ ctx, body }) {
        return loggedIn(await registerUser(deps, ctx, parseInput(RegisterRequest, body)));
      },
    },
    {
      method: 'POST',
      path: '/api/auth/login',
      access: 'public',
      bodyLimit: CREDENTIALS_LIMIT,
      onError: asLoginFailure,
      async handle({ ctx, body, address }) {
        return loggedIn(await logIn(deps, ctx, { ...parseInput(LoginRequest, body), address: address() }));
      },
    },
    {
      method: 'POST',
      path: '/api/auth/refresh',
      access: 'user',
      async handle({ ctx }) {
        return loggedIn(await refreshToken(deps, ctx));
      },
    },
    {
      method: 'POST',
      path: '/api/auth/logout',
      access: 'user',
      async handle({ ctx }) {
        await logOut(ctx);
        return ok({ success: true });
      },
    },
    {
      method: 'GET',
      path: '/api/auth/verify',
      access: 'user',
      handle: ({ access }) => ok({ valid: true, user: toUserView(access.user) }),
    },
  ];
}

function loggedIn({ token, user }: LoginResult): Reply {
  return ok({ success: true, token, user: toUserView(user) });
}
