import { API } from '#domain/protocol/http/endpoints.ts';
import {
  type LoginResult,
  logIn,
  logOut,
  refreshToken,
  registerUser,
  toUserView,
} from '#domain/user/index.ts';
import type { HttpDeps } from '../deps.ts';
import { ok, type Route, route } from '../kit/route.ts';

const asLoginFailure = { onError: (message: string) => ({ success: false, message }) };

export function authRoutes(
  deps: Pick<HttpDeps, 'hasher' | 'signer' | 'throttle' | 'registration' | 'registrations' | 'tokenLifeMs'>,
): Route[] {
  return [
    route(
      API.auth.register,
      async ({ ctx, body, address }) =>
        loggedIn(await registerUser(deps, ctx, { ...body, address: address() })),
      asLoginFailure,
    ),
    route(
      API.auth.login,
      async ({ ctx, body, address }) => loggedIn(await logIn(deps, ctx, { ...body, address: address() })),
      asLoginFailure,
    ),
    route(API.auth.refresh, async ({ ctx }) => loggedIn(await refreshToken(deps, ctx))),
    route(API.auth.logout, async ({ ctx }) => {
      await logOut(ctx);
      return ok({ success: true });
    }),
    route(API.auth.verify, ({ access }) => ok({ valid: true, user: toUserView(access.user) })),
  ];
}

function loggedIn({ token, user }: LoginResult) {
  return ok({ success: true as const, token, user: toUserView(user) });
}
